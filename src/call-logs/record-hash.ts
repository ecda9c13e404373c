import { hash } from 'node:crypto';

/** Bytes that a batch keeps of each record: id, time, group, hash. See docs/tamper-evidence.md. */
export const ENTRY_BYTES = 72;
export const HASH_BYTES = 32;
const TIME_AT = 16;
const GROUP_AT = 24;
const HASH_AT = 40;

/** What of a record is hashed as it stands, in the order of the format. Payload goes in by its commitments. */
export type HashedFields = {
  readonly tenantId: string;
  readonly toolName: string;
  readonly toolId: string | null;
  readonly callerAppId: string | null;
  readonly keyId: string | null;
  readonly userId: string | null;
  readonly era: string;
  readonly transport: string;
  readonly isTest: boolean;
  readonly success: boolean;
  readonly errorKind: string | null;
  readonly durationMs: number;
};

/** Payload as it is stored: JSON texts as they lie in the table, the salt in lower-case hex. */
export type Payload = {
  readonly saltHex: string;
  readonly request: string | null;
  readonly response: string | null;
  readonly errorMessage: string | null;
};

/** Lower-case hex of a SHA-256 each. */
export type Commitments = { readonly request: string; readonly response: string };

/** Binds a record to its payload; once payload and salt are erased it tells nothing about them. */
export function commitmentsOf({ saltHex, request, response, errorMessage }: Payload): Commitments {
  const asked = request === null ? '-' : `+${request}`;
  const answered = response === null ? '-' : `+${response}`;
  return {
    request: hash('sha256', `toolcrib request v1\n${saltHex}\n${asked}`, 'hex'),
    response: hash(
      'sha256',
      `toolcrib response v1\n${saltHex}\n${netstring(errorMessage)}${answered}`,
      'hex',
    ),
  };
}

/** The canonical text of a record up to its commitments: a header, then one netstring per field. */
export function recordText(fields: HashedFields): string {
  return `toolcrib record v1\n${plain(fields.tenantId)}${netstring(fields.toolName)}${plain(fields.toolId)}${netstring(
    fields.callerAppId,
  )}${plain(fields.keyId)}${plain(fields.userId)}${netstring(fields.era)}${plain(fields.transport)}${plain(
    String(fields.isTest),
  )}${plain(String(fields.success))}${plain(fields.errorKind)}${plain(float32Hex(fields.durationMs))}`;
}

/** What {@link recordText} holds, field by field, for who checks a proof. */
export function recordFields(fields: HashedFields): [name: string, value: string | null][] {
  return [
    ['tenant_id', fields.tenantId],
    ['tool_name', fields.toolName],
    ['tool_id', fields.toolId],
    ['caller_app_id', fields.callerAppId],
    ['key_id', fields.keyId],
    ['user_id', fields.userId],
    ['era', fields.era],
    ['transport', fields.transport],
    ['is_test', String(fields.isTest)],
    ['success', String(fields.success)],
    ['error_kind', fields.errorKind],
    ['duration_ms', float32Hex(fields.durationMs)],
  ];
}

/** @returns Lower-case hex of the SHA-256 over the whole record. */
export function recordHash(text: string, commitments: Commitments): string {
  return hash('sha256', `${text}64:${commitments.request},64:${commitments.response},`, 'hex');
}

/** What a batch keeps of one record, put into `target` at `offset`. */
export function writeEntry(
  target: Buffer,
  offset: number,
  entry: {
    readonly id: string;
    readonly createdAt: Date;
    readonly groupId: string;
    readonly hashHex: string;
  },
): void {
  target.write(entry.id.replaceAll('-', ''), offset, 'hex');
  target.writeBigUInt64BE(BigInt(entry.createdAt.getTime()), offset + TIME_AT);
  target.write(entry.groupId.replaceAll('-', ''), offset + GROUP_AT, 'hex');
  target.write(entry.hashHex, offset + HASH_AT, 'hex');
}

export type Entry = {
  readonly id: string;
  readonly createdAt: Date;
  readonly groupId: string;
  readonly hashHex: string;
};

/** The record at `position` of a batch. */
export function readEntry(entries: Buffer, position: number): Entry {
  const offset = position * ENTRY_BYTES;
  return {
    id: uuidAt(entries, offset),
    createdAt: new Date(entryTime(entries, position)),
    groupId: uuidAt(entries, offset + GROUP_AT),
    hashHex: entries.toString('hex', offset + HASH_AT, offset + ENTRY_BYTES),
  };
}

/** When the call at `position` arrived, in milliseconds. Two words: a BigInt would be made for each. */
export function entryTime(entries: Buffer, position: number): number {
  const offset = position * ENTRY_BYTES + TIME_AT;
  return entries.readUInt32BE(offset) * 2 ** 32 + entries.readUInt32BE(offset + 4);
}

/** SHA-256 of each entry behind the byte 0x00 (RFC 9162, section 2.1.1). */
export function leavesOf(entries: Buffer): Buffer[] {
  const leaf = Buffer.alloc(1 + ENTRY_BYTES);
  const leaves: Buffer[] = [];
  for (let offset = 0; offset < entries.length; offset += ENTRY_BYTES) {
    entries.copy(leaf, 1, offset, offset + ENTRY_BYTES);
    leaves.push(hash('sha256', leaf, 'buffer'));
  }
  return leaves;
}

/** Root of the Merkle tree of RFC 9162, section 2.1.1. `leaves` must not be empty. */
export function merkleRoot(leaves: readonly Buffer[]): Buffer {
  const node = Buffer.alloc(1 + 2 * HASH_BYTES, 1);
  let level = leaves;
  while (level.length > 1) {
    const above: Buffer[] = [];
    for (let index = 0; index + 1 < level.length; index += 2) {
      level[index]?.copy(node, 1);
      level[index + 1]?.copy(node, 1 + HASH_BYTES);
      above.push(hash('sha256', node, 'buffer'));
    }
    const odd = level.length % 2 === 1 ? level.at(-1) : undefined;
    level = odd ? [...above, odd] : above;
  }
  return level[0];
}

export type PathStep = { readonly side: 'left' | 'right'; readonly hash: string };

/** The neighbours that lead from one leaf to the root, lowest first. */
export function merklePath(leaves: readonly Buffer[], position: number): PathStep[] {
  const path: PathStep[] = [];
  let level = leaves;
  for (let at = position; level.length > 1; at >>= 1) {
    const isRight = at % 2 === 1;
    const neighbour = level[isRight ? at - 1 : at + 1];
    if (neighbour) path.push({ side: isRight ? 'left' : 'right', hash: neighbour.toString('hex') });
    level = Array.from({ length: Math.ceil(level.length / 2) }, (_, index) =>
      merkleRoot(level.slice(2 * index, 2 * index + 2)),
    );
  }
  return path;
}

export type BatchHead = {
  readonly previousHex: string;
  readonly tenantId: string;
  readonly writerId: string;
  readonly seq: number;
  readonly count: number;
  /** Records of the chain up to this batch, itself included. */
  readonly total: number;
  readonly firstAt: Date;
  readonly lastAt: Date;
  readonly rootHex: string;
};

/** What is hashed of a batch. */
export function batchText(head: BatchHead): string {
  return (
    `toolcrib batch v1\nprevious ${head.previousHex}\ntenant ${head.tenantId}\nwriter ${head.writerId}\nseq ${head.seq}\n` +
    `records ${head.count}\ntotal ${head.total}\nfirst ${head.firstAt.toISOString()}\nlast ${head.lastAt.toISOString()}\n` +
    `root ${head.rootHex}\n`
  );
}

export function batchHash(head: BatchHead): string {
  return hash('sha256', batchText(head), 'hex');
}

/** Before the first batch of a chain. */
export const NO_HASH = '0'.repeat(2 * HASH_BYTES);

/** A length in bytes, a colon, the bytes, a comma; `-,` for null. (D. J. Bernstein, Netstrings, 1997) */
export function netstring(text: string | null): string {
  return text === null ? '-,' : `${Buffer.byteLength(text)}:${text},`;
}

/** {@link netstring} of ASCII. */
function plain(text: string | null): string {
  return text === null ? '-,' : `${text.length}:${text},`;
}

const float = Buffer.alloc(4);

function float32Hex(value: number): string {
  float.writeFloatBE(value);
  return float.toString('hex');
}

function uuidAt(bytes: Buffer, offset: number): string {
  const hex = bytes.toString('hex', offset, offset + 16);
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
}
