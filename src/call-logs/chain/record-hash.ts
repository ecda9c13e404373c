import { hash } from 'node:crypto';
import { readUuid, writeUuid } from '../../platform/uuid-bytes.js';

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

/** Payload as it is stored: JSON texts as they lie in the table. */
export type Payload = {
  readonly request: string | null;
  readonly response: string | null;
  readonly errorMessage: string | null;
};

/** Lower-case hex of a SHA-256 each. */
export type Commitments = { readonly request: string; readonly response: string };

/**
 * Binds a record to its payload; once payload and salt are erased it tells nothing about them.
 *
 * @param saltHex Lower-case hex.
 */
export function commitmentsOf({ request, response, errorMessage }: Payload, saltHex: string): Commitments {
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
  writeUuid(target, offset, entry.id);
  const at = entry.createdAt.getTime();
  target.writeUInt32BE(Math.floor(at / 2 ** 32), offset + TIME_AT);
  target.writeUInt32BE(at % 2 ** 32, offset + TIME_AT + 4);
  writeUuid(target, offset + GROUP_AT, entry.groupId);
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
    id: readUuid(entries, offset),
    createdAt: new Date(entryTime(entries, position)),
    groupId: readUuid(entries, offset + GROUP_AT),
    hashHex: entries.toString('hex', offset + HASH_AT, offset + ENTRY_BYTES),
  };
}

/** When the call at `position` arrived, in milliseconds. Two words: a BigInt would be made for each. */
export function entryTime(entries: Buffer, position: number): number {
  const offset = position * ENTRY_BYTES + TIME_AT;
  return entries.readUInt32BE(offset) * 2 ** 32 + entries.readUInt32BE(offset + 4);
}

/** SHA-256 of each entry behind the byte 0x00 (RFC 9162, section 2.1.1), one after the other. */
export function leavesOf(entries: Buffer): Buffer {
  const leaf = Buffer.alloc(1 + ENTRY_BYTES);
  const leaves = Buffer.alloc((entries.length / ENTRY_BYTES) * HASH_BYTES);
  for (let offset = 0, at = 0; offset < entries.length; offset += ENTRY_BYTES, at += HASH_BYTES) {
    entries.copy(leaf, 1, offset, offset + ENTRY_BYTES);
    putHash(leaves, at, leaf);
  }
  return leaves;
}

/**
 * Root of the Merkle tree of RFC 9162, section 2.1.1.
 *
 * @param leaves At least one, one after the other.
 */
export function merkleRoot(leaves: Buffer): Buffer {
  let level = leaves;
  while (level.length > HASH_BYTES) level = levelAbove(level);
  return level;
}

export type PathStep = { readonly side: 'left' | 'right'; readonly hash: string };

/** The neighbours that lead from one leaf to the root, lowest first. */
export function merklePath(leaves: Buffer, position: number): PathStep[] {
  const path: PathStep[] = [];
  let level = leaves;
  for (let at = position; level.length > HASH_BYTES; at >>= 1) {
    const neighbour = at % 2 === 1 ? at - 1 : at + 1;
    const hex = level.toString('hex', neighbour * HASH_BYTES, (neighbour + 1) * HASH_BYTES);
    if (hex !== '') path.push({ side: neighbour < at ? 'left' : 'right', hash: hex });
    level = levelAbove(level);
  }
  return path;
}

/** Pairs are hashed behind the byte 0x01; an odd one out is lifted as it is. */
function levelAbove(level: Buffer): Buffer {
  const node = Buffer.alloc(1 + 2 * HASH_BYTES, 1);
  const above = Buffer.alloc(Math.ceil(level.length / (2 * HASH_BYTES)) * HASH_BYTES);
  for (let from = 0, at = 0; from < level.length; from += 2 * HASH_BYTES, at += HASH_BYTES) {
    if (from + HASH_BYTES === level.length) {
      level.copy(above, at, from);
    } else {
      level.copy(node, 1, from, from + 2 * HASH_BYTES);
      putHash(above, at, node);
    }
  }
  return above;
}

/** By way of a string: to have a Buffer made for each hash takes four times as long. */
function putHash(target: Buffer, at: number, bytes: Buffer): void {
  target.write(hash('sha256', bytes, 'binary'), at, 'latin1');
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
