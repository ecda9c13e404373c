import { createHash, hash } from 'node:crypto';
import { merkleRoot, NO_HASH } from './record-hash.js';

/** The newest batch of one chain. */
export type ChainHead = {
  readonly writerId: string;
  readonly seq: number;
  /** Records of the chain up to this batch. */
  readonly total: number;
  readonly hashHex: string;
};

export type Checkpoint = {
  readonly tenantId: string;
  readonly number: number;
  readonly time: Date;
  /** Seconds after which the next one is made when the log has grown. */
  readonly every: number;
  /** SHA-256 of the text of the checkpoint before. */
  readonly previousHex: string;
  /** Records in all chains. */
  readonly records: number;
  /** Records from before there were chains. */
  readonly uncovered: { readonly records: number; readonly newestAt: Date | null };
  /** Of all chains, those included that stand still. */
  readonly chains: { readonly count: number; readonly rootHex: string };
  /** Those that have grown since the checkpoint before. */
  readonly heads: readonly ChainHead[];
};

/** A checkpoint as it is delivered: one line of JSON. */
export type SignedCheckpoint = {
  readonly text: string;
  readonly key_id: string;
  /** Base64. */
  readonly signature: string;
};

const HEADER = 'toolcrib checkpoint v1';
const FORM = new RegExp(
  `^${HEADER}\\n` +
    'tenant ([0-9a-f-]{36})\\nnumber (\\d+)\\ntime (\\S+)\\nevery (\\d+)\\nprevious ([0-9a-f]{64})\\nrecords (\\d+)\\n' +
    'uncovered (\\d+) (\\S+)\\nchains (\\d+) ([0-9a-f]{64})\\n((?:head [^\\n]+\\n)*)$',
);
const HEAD = /^head ([0-9a-f-]{36}) (\d+) (\d+) ([0-9a-f]{64})$/;

/** Exactly what is signed. Heads in the order of their writer's id. */
export function checkpointText(checkpoint: Checkpoint): string {
  const { uncovered, chains } = checkpoint;
  return (
    `${HEADER}\ntenant ${checkpoint.tenantId}\nnumber ${checkpoint.number}\ntime ${checkpoint.time.toISOString()}\n` +
    `every ${checkpoint.every}\n` +
    `previous ${checkpoint.previousHex}\nrecords ${checkpoint.records}\n` +
    `uncovered ${uncovered.records} ${uncovered.newestAt?.toISOString() ?? '-'}\n` +
    `chains ${chains.count} ${chains.rootHex}\n${checkpoint.heads.map((head) => `${headLine(head)}\n`).join('')}`
  );
}

/** @returns undefined: the text has another form. */
export function parseCheckpoint(text: string): Checkpoint | undefined {
  const match = FORM.exec(text);
  if (!match) return undefined;
  const [, tenantId, number, time, every, previousHex, records, uncovered, newestAt, count, rootHex, lines] =
    match;
  const heads = lines.split('\n').slice(0, -1).map(parseHead);
  if (!heads.every((head) => head !== undefined)) return undefined;
  return {
    tenantId,
    number: Number(number),
    time: new Date(time),
    every: Number(every),
    previousHex,
    records: Number(records),
    uncovered: { records: Number(uncovered), newestAt: newestAt === '-' ? null : new Date(newestAt) },
    chains: { count: Number(count), rootHex },
    heads,
  };
}

export function checkpointHash(text: string): string {
  return hash('sha256', text, 'hex');
}

/** Merkle root over the heads of all chains, in the order of their writer's id; the leaf is the head's line. */
export function chainsRoot(heads: readonly ChainHead[]): string {
  if (heads.length === 0) return NO_HASH;
  const leaves = heads.map((head) => createHash('sha256').update('\0').update(headLine(head)).digest());
  return merkleRoot(Buffer.concat(leaves)).toString('hex');
}

function headLine({ writerId, seq, total, hashHex }: ChainHead): string {
  return `head ${writerId} ${seq} ${total} ${hashHex}`;
}

function parseHead(line: string): ChainHead | undefined {
  const match = HEAD.exec(line);
  if (!match) return undefined;
  const [, writerId, seq, total, hashHex] = match;
  return { writerId, seq: Number(seq), total: Number(total), hashHex };
}
