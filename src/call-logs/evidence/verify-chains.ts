import type { Client } from 'pg';
import { batchHash, entryTime, ENTRY_BYTES, leavesOf, merkleRoot, NO_HASH } from '../chain/record-hash.js';
import type { AllowedRemovals } from './allowed-removals.js';
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
  /** Null: the batch lies outside the period, and only its link is checked. */
  readonly entries: Buffer | null;
  readonly root: Buffer;
  readonly previousHash: Buffer;
  readonly hash: Buffer;
};
type WholeBatch = Batch & { readonly entries: Buffer };

/**
 * Every batch, whatever the period: a batch says itself when its calls were, so that one must be checked before it may be
 * passed over. Its entries, nearly all of its bytes, are read only within.
 */
const BATCHES = `DECLARE batches NO SCROLL CURSOR FOR
  SELECT writer_id AS "writerId", seq, format, record_count AS "recordCount", records_total AS "recordsTotal",
    first_at AS "firstAt", last_at AS "lastAt", CASE WHEN last_at >= $2 AND first_at < $3 THEN entries END AS entries, root,
    previous_hash AS "previousHash", hash
  FROM call_log_batches WHERE tenant_id = $1 ORDER BY writer_id, seq`;
/** Records whose payload is held at a time: twice, since the next ones are read while these are compared. */
const RECORDS_AT_ONCE = 512;
const BATCHES_AT_ONCE = { min: 16, max: 1024 };

/**
 * Follows the chains of one tenant from batch to batch, all of them, and compares those of the period with their records. In
 * constant memory.
 */
export class ChainCheck {
  private previous: Batch | undefined;

  private readonly records: RecordCheck;
  private readonly allowed: AllowedRemovals;
  private readonly period: Period;

  constructor(
    private readonly client: Client,
    private readonly report: TenantReport,
    { records, allowed, period }: { records: RecordCheck; allowed: AllowedRemovals; period: Period },
  ) {
    this.records = records;
    this.allowed = allowed;
    this.period = period;
  }

  async run(): Promise<void> {
    await this.client.query(
      BATCHES.replace('$1', this.client.escapeLiteral(this.report.tenantId))
        .replace('$2', timeLiteral(this.period.from, '-infinity'))
        .replace('$3', timeLiteral(this.period.to, 'infinity')),
    );
    let count = BATCHES_AT_ONCE.min;
    let batches = await this.fetch(count);
    let read = this.records.read(batches.filter(isWithinPeriod));
    while (batches.length > 0) {
      const rows = await read;
      const records = batches.filter(isWithinPeriod).reduce((sum, { recordCount }) => sum + recordCount, 0);
      count = clamp(Math.floor((RECORDS_AT_ONCE * batches.length) / Math.max(records, 1)), BATCHES_AT_ONCE);
      const next = await this.fetch(count);
      read = this.records.read(next.filter(isWithinPeriod)); // the server looks for these while the ones at hand are hashed
      for (const batch of batches) this.check(batch);
      this.records.compare(rows);
      batches = next;
    }
    await read;
    await this.client.query('CLOSE batches');
  }

  private async fetch(count: number): Promise<Batch[]> {
    return (await this.client.query<Batch>(`FETCH ${count} FROM batches`)).rows;
  }

  private check(batch: Batch): void {
    if (isWithinPeriod(batch)) this.report.batches++;
    const before = this.previous?.writerId === batch.writerId ? this.previous : undefined;
    this.previous = batch;
    const named = `batch ${batch.writerId}/${batch.seq}`;
    if (!before) this.report.chains++;
    const problem = this.problemOf(batch);
    if (problem) this.report.add('batch_changed', `${named} was changed: ${problem}`);
    const expected = (before?.seq ?? 0) + 1;
    if (batch.seq === expected) this.checkLink(batch, before, named);
    else this.report.add('batch_missing', `${gap(batch, expected)} missing`);
  }

  private problemOf(batch: Batch): string | undefined {
    const problem = problemInSummary(batch, this.report.tenantId);
    if (problem !== undefined || !isWithinPeriod(batch)) return problem;
    if (batch.entries.length > 0 || !this.allowed.coversPruned(batch.lastAt)) return problemInEntries(batch);
    this.report.removed += batch.recordCount;
    return undefined;
  }

  private checkLink(batch: Batch, before: Batch | undefined, named: string): void {
    const hash = before?.hash.toString('hex') ?? NO_HASH;
    if (batch.previousHash.toString('hex') !== hash) {
      this.report.add('batch_reordered', `${named} does not follow from the batch before it`);
    } else if (Number(batch.recordsTotal) !== Number(before?.recordsTotal ?? 0) + batch.recordCount) {
      this.report.add('batch_changed', `${named} was changed: it does not count on from the batch before it`);
    }
  }
}

function isWithinPeriod(batch: Batch): batch is WholeBatch {
  return batch.entries !== null;
}

function gap({ writerId, seq }: Batch, firstMissing: number): string {
  const last = seq - 1;
  return last === firstMissing
    ? `batch ${writerId}/${last} is`
    : `batches ${writerId}/${firstMissing} to ${last} are`;
}

/** What in the batch contradicts itself, its entries aside. */
function problemInSummary(batch: Batch, tenantId: string): string | undefined {
  const { recordCount, firstAt, lastAt } = batch;
  if (batch.format !== 1) return `its format is ${batch.format}`;
  if (![firstAt, lastAt].every((at) => Number.isFinite(Number(at)))) return 'its times are none'; // infinity is one in SQL
  const hash = batchHash({
    previousHex: batch.previousHash.toString('hex'),
    tenantId,
    writerId: batch.writerId,
    seq: batch.seq,
    count: recordCount,
    total: Number(batch.recordsTotal),
    firstAt,
    lastAt,
    rootHex: batch.root.toString('hex'),
  });
  return hash === batch.hash.toString('hex') ? undefined : 'it does not give its hash';
}

function problemInEntries({ entries, recordCount, root, firstAt, lastAt }: WholeBatch): string | undefined {
  if (recordCount < 1 || entries.length !== recordCount * ENTRY_BYTES)
    return 'its entries are not as many as it says';
  if (!merkleRoot(leavesOf(entries)).equals(root)) return 'its entries do not give its root';
  const times = Array.from({ length: recordCount }, (_, position) => entryTime(entries, position));
  const spans = Math.min(...times) === firstAt.getTime() && Math.max(...times) === lastAt.getTime();
  return spans ? undefined : 'its times are not those of its entries';
}

function timeLiteral(at: Date | null, otherwise: string): string {
  return `'${at?.toISOString() ?? otherwise}'`;
}

function clamp(value: number, { min, max }: { min: number; max: number }): number {
  return Math.max(min, Math.min(max, value));
}
