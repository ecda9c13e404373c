import { Injectable, Logger, type OnApplicationShutdown } from '@nestjs/common';
import { DatabaseError, Pool } from 'pg';
import { UnavailableError } from '../common/errors.js';
import { Config } from '../config.js';
import type { CallErrorKind } from './call-log.entity.js';
import { redactText, toLogJson } from '../common/redact.js';

/** One call to be recorded, before redaction. */
export type CallRecord = {
  readonly id: string;
  readonly createdAt: Date;
  readonly tenantId: string;
  readonly groupId: string;
  readonly toolName: string;
  readonly toolId: string | null;
  readonly callerAppId: string | null;
  readonly keyId: string | null;
  readonly userId: string | null;
  readonly era: string;
  readonly transport: 'streamable_http' | 'sse' | 'websocket' | 'stdio' | 'rest';
  readonly isTest: boolean;
  readonly request: unknown;
  readonly response: unknown;
  readonly success: boolean;
  readonly errorKind: CallErrorKind | null;
  readonly errorMessage: string | null;
  readonly durationMs: number;
};

const COLUMNS = [
  ['id', 'uuid'],
  ['created_at', 'timestamptz'],
  ['tenant_id', 'uuid'],
  ['group_id', 'uuid'],
  ['tool_name', 'varchar'],
  ['tool_id', 'uuid'],
  ['caller_app_id', 'varchar'],
  ['key_id', 'uuid'],
  ['user_id', 'uuid'],
  ['era', 'varchar'],
  ['transport', 'varchar'],
  ['is_test', 'boolean'],
  ['request_data', 'jsonb'],
  ['response_data', 'jsonb'],
  ['success', 'boolean'],
  ['error_kind', 'varchar'],
  ['error_message', 'text'],
  ['duration_ms', 'real'],
] as const;

const NAMES = COLUMNS.map(([name]) => name).join(', ');
const ARRAYS = COLUMNS.map(([, type], index) => `$${index + 1}::${type}[]`).join(', ');
const NULLS = COLUMNS.map(([, type]) => `null::${type}`).join(', ');
const INSERT = `INSERT INTO mcp_call_logs (${NAMES}) SELECT * FROM unnest(${ARRAYS}) ON CONFLICT DO NOTHING`;
/** Fails as an INSERT would (table, rights, read-only server), writes nothing. */
const PROBE = `INSERT INTO mcp_call_logs (${NAMES}) SELECT ${NULLS} WHERE false`;

const CONNECTIONS = 3;
const BATCH_MAX = 128;
const RETRY_DELAY_MS = 250;
/** How long a successful write vouches for the next one. */
const PROOF_MS = 1000;
const QUERY_TIMEOUT_MS = 10_000;
const ERROR_MESSAGE_MAX = 4000; // characters
const DATA_FAULT = /^(22|23|54)/; // SQLSTATE classes: data exception, constraint violation, program limit exceeded
const BUSY = 'The call log cannot keep up, so the call was not run. Try again in a few seconds.';
const UNWRITABLE = 'The call log cannot be written, so the call was not run. Try again in a few seconds.';
const WITHHELD =
  'The record of this call could not be written yet, so its answer is withheld. It may have run: check before you repeat it.';

type Row = readonly (string | number | boolean | null)[];
type Pending = { readonly row: Row; committed(): void; rejected(error: unknown): void };

/**
 * Writes call records durably. `record` resolves after the COMMIT, so an answer that waits for it is never an
 * unrecorded one. Group commit without a timer: a batch is what came in while the batches before it were being
 * committed, so an idle service adds no wait and a busy one writes many rows per fsync. A batch whose connection broke is
 * written again; ids make that safe. The queue is bounded: when it is full, or the log cannot be written, `admit`
 * refuses before the tool runs.
 */
@Injectable()
export class CallLogWriter implements OnApplicationShutdown {
  private readonly logger = new Logger(CallLogWriter.name);
  private readonly pool: Pool;
  private readonly queue: Pending[] = [];
  private flushesInFlight = 0;
  private flushScheduled = false;
  private failing = false;
  private provenAt = -Infinity;
  private probe: Promise<void> | undefined;
  private stopping = false;

  constructor(private readonly config: Config) {
    this.pool = new Pool({
      connectionString: config.databaseUrls.log,
      application_name: 'toolcrib-call-log',
      max: CONNECTIONS,
      keepAlive: true,
      connectionTimeoutMillis: 5000,
      query_timeout: QUERY_TIMEOUT_MS,
    });
    this.pool.on('error', () => {
      this.provenAt = -Infinity; // the server went away: prove anew before the next call runs
    });
  }

  /** How the log is doing, for the status page. */
  get state(): { readonly writable: boolean; readonly queued: number } {
    return { writable: !this.failing, queued: this.queue.length };
  }

  /** Whether a recent write proves that the next one will succeed. */
  get vouchedFor(): boolean {
    return !this.failing && performance.now() - this.provenAt < PROOF_MS;
  }

  /**
   * To be awaited before a tool runs; undefined when a recent write already proves that the log can be written.
   *
   * @throws {UnavailableError} The queue is full, or the log cannot be written now.
   */
  admit(): Promise<void> | undefined {
    if (this.queue.length >= this.config.env.CALL_LOG_QUEUE_MAX) throw new UnavailableError(BUSY);
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
    return new Promise((resolve, reject) => {
      const timer = setTimeout(
        () => reject(new UnavailableError(WITHHELD)),
        this.config.env.CALL_LOG_WAIT_MS,
      );
      this.queue.push({
        row: toRow(record, this.config.env.CALL_LOG_MAX_BYTES),
        committed: () => {
          clearTimeout(timer);
          resolve();
        },
        rejected: (cause) => {
          clearTimeout(timer);
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

  /** Writes what is queued, for as long as the shutdown's grace allows. */
  async onApplicationShutdown(): Promise<void> {
    const deadline = performance.now() + this.config.env.SHUTDOWN_GRACE_MS;
    while ((this.queue.length > 0 || this.flushesInFlight > 0) && performance.now() < deadline) {
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
    if (this.failing && this.flushesInFlight > 0) throw new UnavailableError(UNWRITABLE);
    try {
      await this.pool.query(PROBE);
      this.succeeded();
    } catch (cause) {
      this.failed(cause);
      throw new UnavailableError(UNWRITABLE, { cause });
    }
  }

  private flush(): void {
    while (this.queue.length > 0 && this.flushesInFlight < CONNECTIONS) {
      const batch = this.queue.splice(0, BATCH_MAX);
      this.flushesInFlight++;
      void this.write(batch).finally(() => {
        this.flushesInFlight--;
        this.flush();
      });
    }
  }

  private async write(batch: readonly Pending[]): Promise<void> {
    while (!this.stopping) {
      try {
        await this.insert(batch.map(({ row }) => row));
        this.succeeded();
        for (const pending of batch) pending.committed();
        return;
      } catch (error) {
        if (isDataFault(error)) return this.writeHalves(batch, error);
        this.failed(error);
        await sleep(RETRY_DELAY_MS);
      }
    }
    for (const pending of batch) pending.rejected(new Error('the service stopped'));
  }

  /** One row the database refuses must not take its neighbours with it. */
  private async writeHalves(batch: readonly Pending[], error: unknown): Promise<void> {
    if (batch.length === 1) {
      this.logger.error(`A call record was refused by the database: ${describe(error)}`);
      batch[0].rejected(error);
      return;
    }
    const middle = Math.ceil(batch.length / 2);
    await this.write(batch.slice(0, middle));
    await this.write(batch.slice(middle));
  }

  private async insert(rows: readonly Row[]): Promise<void> {
    const values = COLUMNS.map((_column, index) => rows.map((row) => row[index]));
    await this.pool.query({ name: 'insert_call_logs', text: INSERT, values });
  }

  private succeeded(): void {
    if (this.failing) this.logger.log('The call log is written again');
    this.failing = false;
    this.provenAt = performance.now();
  }

  private failed(error: unknown): void {
    if (!this.failing)
      this.logger.error(`The call log cannot be written; calls are refused: ${describe(error)}`);
    this.failing = true;
  }
}

function toRow(record: CallRecord, maxBytes: number): Row {
  return [
    record.id,
    record.createdAt.toISOString(),
    record.tenantId,
    record.groupId,
    redactText(record.toolName),
    record.toolId,
    record.callerAppId === null ? null : redactText(record.callerAppId),
    record.keyId,
    record.userId,
    record.era,
    record.transport,
    record.isTest,
    toLogJson(record.request, maxBytes),
    toLogJson(record.response, maxBytes),
    record.success,
    record.errorKind,
    record.errorMessage === null ? null : redactText(record.errorMessage.slice(0, ERROR_MESSAGE_MAX)),
    record.durationMs,
  ];
}

function isDataFault(error: unknown): boolean {
  return error instanceof DatabaseError && DATA_FAULT.test(error.code ?? '');
}

function describe(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
