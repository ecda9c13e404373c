import { Injectable, Logger, type OnApplicationShutdown } from '@nestjs/common';
import { DatabaseError } from 'pg';
import { LivePool } from '../../platform/database/live-pool.js';
import { UnavailableError, messageOf } from '../../platform/errors.js';
import { Config } from '../../platform/config.js';
import { byTurns } from './by-turns.js';
import { CallLogLane, type FormedBatch, PROBE } from './call-log-lane.js';
import { type CallRecord, type StoredRecord, toStored } from './call-record.js';

export type { CallRecord } from './call-record.js';

const LANES = 2;
const BATCH_MAX = 128;
/** Length of arguments and results together, above which a batch takes no further record. */
const BATCH_LENGTH_MAX = 16 * 1024 * 1024;
const RETRY_DELAY_MS = 250;
/** How long a successful write vouches for the next one. */
const PROOF_MS = 1000;
const QUERY_TIMEOUT_MS = 10_000;
const DATA_FAULT = /^(22|23|54)/; // SQLSTATE classes: data exception, constraint violation, program limit exceeded
const BUSY = 'The call log cannot keep up, so the call was not run. Try again in a few seconds.';
const UNWRITABLE = 'The call log cannot be written, so the call was not run. Try again in a few seconds.';
const WITHHELD =
  'The record of this call could not be written yet, so its answer is withheld. It may have run: check before you repeat it.';

/** So many times what is free of the queue may one tenant hold, so that there is room for the others' records. */
const HELD_PER_FREE = 4;

/** Records that are not committed yet, and the length of their arguments and results. */
type Held = { count: number; length: number };

type Pending = {
  readonly record: StoredRecord;
  /** Of its arguments and result. */
  readonly length: number;
  committed(): void;
  rejected(error: unknown): void;
};

/**
 * Writes call records durably. `record` resolves after the COMMIT, so an answer that waits for it is never an
 * unrecorded one. Group commit without a timer: a batch is what came in while the batches before it were being
 * committed, so an idle service adds no wait and a busy one writes many rows per fsync. Each batch is hashed into the chain
 * of its lane and tenant (docs/tamper-evidence.md) and written together with its records. A batch whose connection broke is
 * written again as it was, unless it is there already. The queue is bounded: when it is full, or the log cannot be
 * written, `admit` refuses before the tool runs.
 */
@Injectable()
export class CallLogWriter implements OnApplicationShutdown {
  private readonly logger = new Logger(CallLogWriter.name);
  private readonly pool: LivePool;
  private queue: Pending[] = [];
  private readonly lanes = Array.from({ length: LANES }, () => new CallLogLane());
  /** Length of the arguments and results of all records that are not committed yet. */
  private heldLength = 0;
  private heldCount = 0;
  private readonly heldOf = new Map<string, Held>();
  private flushScheduled = false;
  private failing = false;
  private provenAt = -Infinity;
  private probe: Promise<void> | undefined;
  private stopping = false;

  constructor(private readonly config: Config) {
    this.pool = new LivePool({
      connectionString: config.databaseUrls.log,
      application_name: 'toolcrib-call-log',
      max: LANES,
      query_timeout: QUERY_TIMEOUT_MS,
    });
    this.pool.on('error', () => {
      this.provenAt = -Infinity; // the server went away: prove anew before the next call runs
    });
  }

  /** How the log is doing, for the status page. */
  get state(): { readonly writable: boolean } {
    return { writable: !this.failing };
  }

  /** How many records of a tenant wait for their commit. */
  queuedOf(tenantId: string): number {
    return this.queue.filter(({ record }) => record.tenantId === tenantId).length;
  }

  /** Whether a recent write proves that the next one will succeed. */
  get vouchedFor(): boolean {
    return !this.failing && performance.now() - this.provenAt < PROOF_MS;
  }

  /**
   * To be awaited before a tool runs; undefined when a recent write already proves that the log can be written.
   *
   * @throws {UnavailableError} The queue is full, or the tenant has its share of it; or the log cannot be written now.
   */
  admit(tenantId: string): Promise<void> | undefined {
    const { CALL_LOG_QUEUE_MAX, CALL_LOG_QUEUE_MAX_BYTES } = this.config.env;
    const { count, length } = this.heldOf.get(tenantId) ?? { count: 0, length: 0 };
    const isFull =
      count >= HELD_PER_FREE * (CALL_LOG_QUEUE_MAX - this.heldCount) ||
      length >= HELD_PER_FREE * (CALL_LOG_QUEUE_MAX_BYTES - this.heldLength);
    if (isFull || this.queue.length >= CALL_LOG_QUEUE_MAX || this.heldLength >= CALL_LOG_QUEUE_MAX_BYTES)
      throw new UnavailableError(BUSY);
    if (this.vouchedFor) return undefined;
    return (this.probe ??= this.prove().finally(() => {
      this.probe = undefined;
    }));
  }

  /**
   * Resolves once the record is committed.
   *
   * @throws {UnavailableError} Not committed within `CALL_LOG_WAIT_MS`. The record stays queued and is written as soon as
   *   the database is back.
   */
  record(record: CallRecord): Promise<void> {
    const { CALL_LOG_MAX_BYTES, CALL_LOG_WAIT_MS } = this.config.env;
    const stored = toStored(record, CALL_LOG_MAX_BYTES);
    const length = (stored.request?.length ?? 0) + (stored.response?.length ?? 0);
    const release = this.hold(record.tenantId, length);
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => reject(new UnavailableError(WITHHELD)), CALL_LOG_WAIT_MS);
      const settled = () => {
        clearTimeout(timer);
        release();
      };
      this.queue.push({
        record: stored,
        length,
        committed: () => {
          settled();
          resolve();
        },
        rejected: (cause) => {
          settled();
          reject(new UnavailableError(WITHHELD, { cause }));
        },
      });
      if (this.flushScheduled) return;
      this.flushScheduled = true;
      setImmediate(() => {
        this.flushScheduled = false;
        this.flush();
      });
    });
  }

  private hold(tenantId: string, length: number): () => void {
    const held = this.heldOf.get(tenantId) ?? { count: 0, length: 0 };
    this.heldOf.set(tenantId, held);
    const add = (sign: 1 | -1) => {
      held.count += sign;
      held.length += sign * length;
      this.heldCount += sign;
      this.heldLength += sign * length;
    };
    add(1);
    return () => {
      add(-1);
      if (held.count === 0) this.heldOf.delete(tenantId);
    };
  }

  /** Writes what is queued, for as long as the shutdown's grace allows. */
  async onApplicationShutdown(): Promise<void> {
    const deadline = performance.now() + this.config.env.SHUTDOWN_GRACE_MS;
    while ((this.queue.length > 0 || this.isWriting) && performance.now() < deadline) {
      this.flush();
      await sleep(5);
    }
    this.stopping = true;
    if (this.queue.length > 0)
      this.logger.error(`${this.queue.length} unanswered calls could not be recorded`);
    await this.pool.end();
  }

  /** While rows wait after a failure, only their being written proves anything: a full disk takes an empty INSERT. */
  private async prove(): Promise<void> {
    if (this.failing && this.isWriting) throw new UnavailableError(UNWRITABLE);
    try {
      await this.pool.query(PROBE);
      this.succeeded();
    } catch (cause) {
      this.failed(cause);
      throw new UnavailableError(UNWRITABLE, { cause });
    }
  }

  private get isWriting(): boolean {
    return this.lanes.some(({ isBusy }) => isBusy);
  }

  private flush(): void {
    for (const lane of this.lanes) {
      if (this.queue.length === 0) return;
      if (lane.isBusy) continue;
      lane.isBusy = true;
      void this.write(lane, this.nextBatch()).finally(() => {
        lane.isBusy = false;
        this.flush();
      });
    }
  }

  /** Tenants take turns: one that calls much does not keep the others' answers waiting. */
  private nextBatch(): Pending[] {
    if (this.queue.length <= BATCH_MAX && this.heldLength <= BATCH_LENGTH_MAX) return this.queue.splice(0); // nobody waits on
    const batch = new Set<Pending>();
    let length = 0;
    for (const one of byTurns(this.queue, ({ record }) => record.tenantId)) {
      if (batch.size >= BATCH_MAX || length >= BATCH_LENGTH_MAX) break;
      batch.add(one);
      length += one.length;
    }
    this.queue = this.queue.filter((one) => !batch.has(one));
    return [...batch];
  }

  private async write(lane: CallLogLane, pending: readonly Pending[]): Promise<void> {
    let batch: FormedBatch;
    try {
      batch = lane.form(pending.map(({ record }) => record));
    } catch (error) {
      return this.writeHalves(lane, pending, { error, isFateKnown: true }); // one that cannot be put into bytes
    }
    let { statement } = batch;
    let isFateKnown = true;
    while (!this.stopping) {
      try {
        await this.pool.query(statement);
        lane.committed(batch);
        this.succeeded();
        for (const one of pending) one.committed();
        return;
      } catch (error) {
        if (isDataFault(error)) return this.writeHalves(lane, pending, { error, isFateKnown });
        isFateKnown &&= error instanceof DatabaseError;
        statement = batch.again;
        this.failed(error);
        await sleep(RETRY_DELAY_MS);
      }
    }
    for (const one of pending) one.rejected(new Error('the service stopped'));
  }

  /**
   * One row the database refuses must not take its neighbours with it: the rest is formed into batches anew. Nothing of the
   * refused batch was written, so its number is used again, unless an earlier try may have been committed unseen.
   */
  private async writeHalves(
    lane: CallLogLane,
    pending: readonly Pending[],
    { error, isFateKnown }: { error: unknown; isFateKnown: boolean },
  ): Promise<void> {
    if (!isFateKnown) lane.beginAnew();
    if (pending.length === 1) {
      this.logger.error(`A call record cannot be stored: ${messageOf(error)}`);
      pending[0].rejected(error);
      return;
    }
    const middle = Math.ceil(pending.length / 2);
    await this.write(lane, pending.slice(0, middle));
    await this.write(lane, pending.slice(middle));
  }

  private succeeded(): void {
    if (this.failing) this.logger.log('The call log is written again');
    this.failing = false;
    this.provenAt = performance.now();
  }

  private failed(error: unknown): void {
    if (!this.failing)
      this.logger.error(`The call log cannot be written; calls are refused: ${messageOf(error)}`);
    this.failing = true;
  }
}

function isDataFault(error: unknown): boolean {
  return error instanceof DatabaseError && DATA_FAULT.test(error.code ?? '');
}

function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
