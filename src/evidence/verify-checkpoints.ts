import { createReadStream } from 'node:fs';
import { createInterface } from 'node:readline';
import type { Client } from 'pg';
import {
  type ChainHead,
  chainsRoot,
  type Checkpoint,
  checkpointHash,
  parseCheckpoint,
  type SignedCheckpoint,
} from '../call-logs/checkpoint-text.js';
import { NO_HASH } from '../call-logs/record-hash.js';
import type { TenantReport } from './report.js';
import { checkSignature, type Trust } from './trusted-keys.js';

const PAGE = 500;
const HEADS_AT_ONCE = 1000;
const NEXT = `SELECT number, created_at AS "createdAt", text, key_id AS "keyId", signature FROM call_log_checkpoints
  WHERE tenant_id = $1 AND number > $2 ORDER BY number LIMIT ${PAGE}`;
const HEADS = `SELECT h.n::int AS n, b.records_total AS total, encode(b.hash, 'hex') AS hash
  FROM unnest($2::uuid[], $3::integer[]) WITH ORDINALITY AS h(writer_id, seq, n)
  LEFT JOIN call_log_batches b ON b.tenant_id = $1 AND b.writer_id = h.writer_id AND b.seq = h.seq`;

type Stored = {
  readonly number: number;
  readonly createdAt: Date;
  readonly text: string;
  readonly keyId: string;
  readonly signature: Buffer;
};
type Vouched = { readonly head: ChainHead; readonly by: string };
type HeadRow = { readonly n: number; readonly total: string | null; readonly hash: string | null };

/** Compares the chains of a tenant with what signed checkpoints say of them: those of the database, and those kept outside. */
export class CheckpointCheck {
  private readonly heads = new Map<string, ChainHead>();
  private readonly pending: Vouched[] = [];
  private first: Checkpoint | undefined;
  private newest: Checkpoint | undefined;

  constructor(
    private readonly client: Client,
    private readonly report: TenantReport,
    private readonly trust: Trust,
  ) {}

  /** What the first checkpoint says of records from before there were chains. */
  get uncovered(): Checkpoint['uncovered'] | undefined {
    return this.first?.uncovered;
  }

  async checkStored(): Promise<void> {
    let previous: Stored | undefined;
    for (;;) {
      const values = [this.report.tenantId, previous?.number ?? 0];
      const { rows } = await this.client.query<Stored>(NEXT, values);
      for (const row of rows) {
        await this.checkOne(row, previous);
        previous = row;
      }
      if (rows.length < PAGE) break;
    }
    await this.compareHeads();
    this.checkRoot();
  }

  /** @param file JSON Lines, as they were delivered; lines of other tenants are passed over. */
  async checkFile(file: string): Promise<void> {
    this.report.delivered = 0;
    const lines = createInterface({ input: createReadStream(file), crlfDelay: Infinity });
    let lineNumber = 0;
    let newest: { readonly number: number; readonly text: string } | undefined;
    for await (const line of lines) {
      lineNumber++;
      const signed = line.trim() === '' ? undefined : parseLine(line);
      const checkpoint = signed && parseCheckpoint(signed.text);
      const at = `line ${lineNumber} of the file`;
      if (line.trim() !== '' && !checkpoint) this.report.add('checkpoint_forged', `${at} is no checkpoint`);
      if (!signed || checkpoint?.tenantId !== this.report.tenantId) continue;
      this.report.delivered++;
      const isRepeated = newest?.text === signed.text; // an answer that was lost is asked for again
      if (newest && checkpoint.number <= newest.number && !isRepeated) {
        this.report.add(
          'checkpoint_replayed',
          `${at} is checkpoint ${checkpoint.number}, after checkpoint ${newest.number}: an old one was given again`,
        );
      } else {
        newest = { number: checkpoint.number, text: signed.text };
      }
      await this.compareWithStored(signed, checkpoint, at);
    }
    await this.compareHeads();
  }

  private async checkOne(row: Stored, previous: Stored | undefined): Promise<void> {
    this.report.checkpoints++;
    const named = `checkpoint ${row.number}`;
    const expected = (previous?.number ?? 0) + 1;
    if (row.number !== expected) {
      this.report.add('checkpoint_missing', `checkpoints ${expected} to ${row.number - 1} are missing`);
    }
    const state = checkSignature(this.trust, row.text, row);
    if (state === 'unknown_key') {
      this.report.add(
        'checkpoint_forged',
        `${named} is signed by the key ${row.keyId}, which is not trusted`,
      );
      return;
    }
    const checkpoint = state === 'good' ? parseCheckpoint(row.text) : undefined;
    if (!checkpoint) return this.report.add('checkpoint_changed', `${named} is not what was signed`);
    const isItsOwn =
      checkpoint.tenantId === this.report.tenantId &&
      checkpoint.number === row.number &&
      checkpoint.time.getTime() === row.createdAt.getTime();
    if (!isItsOwn) {
      const whose = `checkpoint ${checkpoint.number} of tenant ${checkpoint.tenantId}, ${checkpoint.time.toISOString()}`;
      return this.report.add('checkpoint_replayed', `in the place of ${named} lies ${whose}`);
    }
    if (
      row.number === expected &&
      checkpoint.previousHex !== (previous ? checkpointHash(previous.text) : NO_HASH)
    ) {
      this.report.add('checkpoint_changed', `${named} does not follow from the one before it`);
    }
    this.first ??= checkpoint;
    this.newest = checkpoint;
    this.report.newestCheckpoint = { number: row.number, at: row.createdAt, records: checkpoint.records };
    for (const head of checkpoint.heads) this.heads.set(head.writerId, head);
    await this.vouch(checkpoint);
  }

  private async compareWithStored(
    signed: SignedCheckpoint,
    checkpoint: Checkpoint,
    at: string,
  ): Promise<void> {
    const signature = Buffer.from(signed.signature, 'base64');
    const state = checkSignature(this.trust, signed.text, { keyId: signed.key_id, signature });
    if (state !== 'good') {
      this.report.add(
        'checkpoint_forged',
        `${at}, checkpoint ${checkpoint.number}, is not signed by a trusted key`,
      );
      return;
    }
    const { rows } = await this.client.query<{ text: string }>(
      'SELECT text FROM call_log_checkpoints WHERE tenant_id = $1 AND number = $2',
      [this.report.tenantId, checkpoint.number],
    );
    if (rows[0]?.text === signed.text) return; // what it vouches for was compared already
    if (rows.length === 0) {
      this.report.add(
        'checkpoint_missing',
        `checkpoint ${checkpoint.number} of ${checkpoint.time.toISOString()} (${at}) is not in the database`,
      );
    } else {
      this.report.add(
        'checkpoint_changed',
        `checkpoint ${checkpoint.number} in the database is not the one in ${at}`,
      );
    }
    await this.vouch(checkpoint);
  }

  private async vouch({ number, time, heads }: Checkpoint): Promise<void> {
    const by = `checkpoint ${number} of ${time.toISOString()}`;
    for (const head of heads) this.pending.push({ head, by });
    if (this.pending.length >= HEADS_AT_ONCE) await this.compareHeads();
  }

  private async compareHeads(): Promise<void> {
    const pending = this.pending.splice(0);
    if (pending.length === 0) return;
    const { rows } = await this.client.query<HeadRow>(HEADS, [
      this.report.tenantId,
      pending.map(({ head }) => head.writerId),
      pending.map(({ head }) => head.seq),
    ]);
    for (const { n, total, hash } of rows) {
      const { head, by } = pending[n - 1];
      const named = `batch ${head.writerId}/${head.seq}`;
      if (hash === null) {
        this.report.add(
          'log_truncated',
          `the chain ${head.writerId} ends before ${named}, for which ${by} vouches (${head.total} records of that chain)`,
        );
      } else if (hash !== head.hashHex || Number(total) !== head.total) {
        this.report.add('batch_changed', `${named} is not the one for which ${by} vouches`);
      }
    }
  }

  /** That the newest checkpoint knows of the same chains as all of them together. */
  private checkRoot(): void {
    if (!this.newest) return;
    const all = [...this.heads.values()].toSorted((a, b) => (a.writerId < b.writerId ? -1 : 1));
    const { chains, number } = this.newest;
    if (all.length === chains.count && chainsRoot(all) === chains.rootHex) return;
    this.report.add(
      'checkpoint_missing',
      `checkpoint ${number} knows of chains that the ones before it do not name`,
    );
  }
}

function parseLine(line: string): SignedCheckpoint | undefined {
  try {
    const signed = JSON.parse(line) as SignedCheckpoint;
    const isSigned = [signed.text, signed.key_id, signed.signature].every((part) => typeof part === 'string');
    return isSigned ? signed : undefined;
  } catch {
    return undefined;
  }
}
