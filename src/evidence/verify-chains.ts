import type { Client } from 'pg';
import {
  batchHash,
  entryTime,
  ENTRY_BYTES,
  leavesOf,
  merkleRoot,
  NO_HASH,
} from '../call-logs/record-hash.js';
import type { TenantReport } from './report.js';
import { type Period, RecordCheck } from './verify-records.js';

type Batch = {
  readonly writerId: string;
  readonly seq: number;
  readonly format: number;
  readonly recordCount: number;
  readonly recordsTotal: string;
  readonly firstAt: Date;
  readonly lastAt: Date;
  readonly entries: Buffer;
  readonly root: Buffer;
  readonly previousHash: Buffer;
  readonly hash: Buffer;
};

const BATCHES = `DECLARE batches NO SCROLL CURSOR FOR
  SELECT writer_id AS "writerId", seq, format, record_count AS "recordCount", records_total AS "recordsTotal",
    first_at AS "firstAt", last_at AS "lastAt", entries, root, previous_hash AS "previousHash", hash
  FROM call_log_batches WHERE tenant_id = $1 AND last_at >= $2 AND first_at < $3 ORDER BY writer_id, seq`;
/** Records whose payload is held at a time: twice, since the next ones are read while these are compared. */
const RECORDS_AT_ONCE = 512;
const BATCHES_AT_ONCE = { min: 16, max: 1024 };

/** Follows the chains of one tenant from batch to batch, and compares each with its records. In constant memory. */
export class ChainCheck {
  private previous: Batch | undefined;

  constructor(
    private readonly client: Client,
    private readonly report: TenantReport,
    private readonly records: RecordCheck,
    private readonly period: Period,
  ) {}

  async run(): Promise<void> {
    await this.client.query(
      BATCHES.replace('$1', this.client.escapeLiteral(this.report.tenantId))
        .replace('$2', timeLiteral(this.period.from, '-infinity'))
        .replace('$3', timeLiteral(this.period.to, 'infinity')),
    );
    let count = BATCHES_AT_ONCE.min;
    let batches = await this.fetch(count);
    let read = this.records.read(batches);
    while (batches.length > 0) {
      const rows = await read;
      const records = batches.reduce((sum, { recordCount }) => sum + recordCount, 0);
      count = clamp(Math.floor((RECORDS_AT_ONCE * batches.length) / Math.max(records, 1)), BATCHES_AT_ONCE);
      const next = await this.fetch(count);
      read = this.records.read(next); // the server looks for these while the ones at hand are hashed
      for (const batch of batches) await this.check(batch);
      this.records.compare(rows);
      batches = next;
    }
    await read;
    await this.client.query('CLOSE batches');
  }

  private async fetch(count: number): Promise<Batch[]> {
    return (await this.client.query<Batch>(`FETCH ${count} FROM batches`)).rows;
  }

  private async check(batch: Batch): Promise<void> {
    this.report.batches++;
    const before = this.previous?.writerId === batch.writerId ? this.previous : undefined;
    this.previous = batch;
    const named = `batch ${batch.writerId}/${batch.seq}`;
    if (!before) this.report.chains++;
    const problem = problemWithin(batch, this.report.tenantId);
    if (problem) this.report.add('batch_changed', `${named} was changed: ${problem}`);
    const seqBefore = before?.seq ?? (this.isWhole ? 0 : batch.seq - 1);
    if (batch.seq !== seqBefore + 1) {
      await this.explainGap(batch, seqBefore + 1);
    } else if (before || batch.seq === 1) {
      this.checkLink(batch, before, named);
    }
  }

  private get isWhole(): boolean {
    return this.period.from === null && this.period.to === null;
  }

  private checkLink(batch: Batch, before: Batch | undefined, named: string): void {
    const hash = before?.hash.toString('hex') ?? NO_HASH;
    if (batch.previousHash.toString('hex') !== hash) {
      this.report.add('batch_reordered', `${named} does not follow from the batch before it`);
    } else if (Number(batch.recordsTotal) !== Number(before?.recordsTotal ?? 0) + batch.recordCount) {
      this.report.add('batch_changed', `${named} was changed: it does not count on from the batch before it`);
    }
  }

  /** Of a period, batches in between may simply lie outside. */
  private async explainGap(batch: Batch, firstMissing: number): Promise<void> {
    const { rows } = await this.client.query<{ n: string }>(
      'SELECT count(*) AS n FROM call_log_batches WHERE tenant_id = $1 AND writer_id = $2 AND seq >= $3 AND seq < $4',
      [this.report.tenantId, batch.writerId, firstMissing, batch.seq],
    );
    if (Number(rows[0]?.n) === batch.seq - firstMissing) return;
    const last = batch.seq - 1;
    const which =
      last === firstMissing
        ? `batch ${batch.writerId}/${last} is`
        : `batches ${batch.writerId}/${firstMissing} to ${last} are`;
    this.report.add('batch_missing', `${which} missing`);
  }
}

/** What in the batch contradicts itself. */
function problemWithin(batch: Batch, tenantId: string): string | undefined {
  const { entries, recordCount } = batch;
  if (batch.format !== 1) return `its format is ${batch.format}`;
  if (recordCount < 1 || entries.length !== recordCount * ENTRY_BYTES)
    return 'its entries are not as many as it says';
  const rootHex = merkleRoot(leavesOf(entries)).toString('hex');
  if (rootHex !== batch.root.toString('hex')) return 'its entries do not give its root';
  const hash = batchHash({
    previousHex: batch.previousHash.toString('hex'),
    tenantId,
    writerId: batch.writerId,
    seq: batch.seq,
    count: recordCount,
    total: Number(batch.recordsTotal),
    firstAt: batch.firstAt,
    lastAt: batch.lastAt,
    rootHex,
  });
  if (hash !== batch.hash.toString('hex')) return 'it does not give its hash';
  const times = Array.from({ length: recordCount }, (_, position) => entryTime(entries, position));
  const spans =
    Math.min(...times) === batch.firstAt.getTime() && Math.max(...times) === batch.lastAt.getTime();
  return spans ? undefined : 'its times are not those of its entries';
}

function timeLiteral(at: Date | null, otherwise: string): string {
  return `'${at?.toISOString() ?? otherwise}'`;
}

function clamp(value: number, { min, max }: { min: number; max: number }): number {
  return Math.max(min, Math.min(max, value));
}
