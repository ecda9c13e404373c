import { randomBytes } from 'node:crypto';
import { newId } from '../../platform/new-id.js';
import { binaryArrays, binaryValues, type Column } from './binary-values.js';
import type { StoredRecord } from './call-record.js';
import {
  type BatchHead,
  batchHash,
  commitmentsOf,
  ENTRY_BYTES,
  leavesOf,
  merkleRoot,
  NO_HASH,
  recordHash,
  recordText,
  writeEntry,
} from '../chain/record-hash.js';

/** A record and its place in the chain. */
type Row = {
  readonly record: StoredRecord;
  readonly writerId: string;
  readonly seq: number;
  readonly position: number;
  readonly salt: Buffer;
};

const ROW_COLUMNS: readonly Column<Row>[] = [
  ['id', 'uuid', ({ record }) => record.id],
  ['created_at', 'timestamptz', ({ record }) => record.createdAt],
  ['tenant_id', 'uuid', ({ record }) => record.tenantId],
  ['group_id', 'uuid', ({ record }) => record.groupId],
  ['tool_name', 'varchar', ({ record }) => record.toolName],
  ['tool_id', 'uuid', ({ record }) => record.toolId],
  ['caller_app_id', 'varchar', ({ record }) => record.callerAppId],
  ['key_id', 'uuid', ({ record }) => record.keyId],
  ['user_id', 'uuid', ({ record }) => record.userId],
  ['era', 'varchar', ({ record }) => record.era],
  ['transport', 'varchar', ({ record }) => record.transport],
  ['is_test', 'boolean', ({ record }) => record.isTest],
  ['request_data', 'json', ({ record }) => record.request],
  ['response_data', 'json', ({ record }) => record.response],
  ['success', 'boolean', ({ record }) => record.success],
  ['error_kind', 'varchar', ({ record }) => record.errorKind],
  ['error_message', 'text', ({ record }) => record.errorMessage],
  ['duration_ms', 'real', ({ record }) => record.durationMs],
  ['writer_id', 'uuid', ({ writerId }) => writerId],
  ['batch_seq', 'integer', ({ seq }) => seq],
  ['batch_position', 'smallint', ({ position }) => position],
  ['salt', 'bytea', ({ salt }) => salt],
];

/** What is chained, and what it is made of. */
type Batch = BatchHead & { readonly entries: Buffer; readonly hash: string };

const BATCH_COLUMNS: readonly Column<Batch>[] = [
  ['tenant_id', 'uuid', ({ tenantId }) => tenantId],
  ['writer_id', 'uuid', ({ writerId }) => writerId],
  ['seq', 'integer', ({ seq }) => seq],
  ['record_count', 'smallint', ({ count }) => count],
  ['records_total', 'bigint', ({ total }) => total],
  ['first_at', 'timestamptz', ({ firstAt }) => firstAt],
  ['last_at', 'timestamptz', ({ lastAt }) => lastAt],
  ['entries', 'bytea', ({ entries }) => entries],
  ['root', 'bytea', ({ rootHex }) => Buffer.from(rootHex, 'hex')],
  ['previous_hash', 'bytea', ({ previousHex }) => Buffer.from(previousHex, 'hex')],
  ['hash', 'bytea', ({ hash }) => Buffer.from(hash, 'hex')],
];

type Columns = readonly (readonly [name: string, type: string, ...unknown[]])[];
type Source = (columns: Columns, from: number) => string;
const namesOf = (columns: Columns) => columns.map(([name]) => name).join(', ');
const asArrays: Source = (columns, from) =>
  `SELECT * FROM unnest(${columns.map(([, type], index) => `$${from + index}::${type}[]`).join(', ')})`;
const asValues: Source = (columns, from) =>
  `VALUES (${columns.map(([, type], index) => `$${from + index}::${type}`).join(', ')})`;
const asNothing: Source = (columns) =>
  `SELECT ${columns.map(([, type]) => `null::${type}`).join(', ')} WHERE false`;
const insertInto = (source: Source, onConflict = '') =>
  `WITH batches AS (INSERT INTO call_log_batches (${namesOf(BATCH_COLUMNS)})
     ${source(BATCH_COLUMNS, ROW_COLUMNS.length + 1)} ${onConflict})
   INSERT INTO mcp_call_logs (${namesOf(ROW_COLUMNS)}) ${source(ROW_COLUMNS, 1)} ${onConflict}`;
/** Costs a fifth of the time of an INSERT, and is needed by few. */
const UNLESS_THERE = 'ON CONFLICT DO NOTHING';

const STATEMENTS = {
  many: {
    once: { name: 'insert_call_logs', text: insertInto(asArrays) },
    again: { name: 'insert_call_logs_again', text: insertInto(asArrays, UNLESS_THERE) },
  },
  /** A lone record, as on an idle service: PostgreSQL needs half the time for it that arrays of one element take. */
  one: {
    once: { name: 'insert_call_log', text: insertInto(asValues) },
    again: { name: 'insert_call_log_again', text: insertInto(asValues, UNLESS_THERE) },
  },
} as const;

/** Fails as an INSERT would (table, rights, read-only server), writes nothing. */
export const PROBE = insertInto(asNothing);

type Statement = { readonly name: string; readonly text: string; readonly values: (Buffer | null)[] };

type ChainHead = { readonly seq: number; readonly hash: string; readonly total: number };

/** A batch ready to be written; the lane goes on from `heads` once it is committed. */
export type FormedBatch = {
  /** Inserts the records and their batches, all or none. */
  readonly statement: Statement;
  /** The same for a batch that may be there already; then it changes nothing. */
  readonly again: Statement;
  readonly heads: ReadonlyMap<string, ChainHead>;
};

/** Above, the lane begins new chains under a new writer id: its memory is bounded whatever the number of tenants. */
const CHAINS_MAX = 10_000;
const SALT_BYTES = 16;

/**
 * One of the writer's ways to the database. It commits one batch at a time, and keeps for each tenant the end of a chain of
 * its own, so no chain forks and no lane, here or in another replica, waits for another. Does no I/O itself.
 */
export class CallLogLane {
  isBusy = false;
  private writerId = newId();
  private readonly chains = new Map<string, ChainHead>();

  /** Hashes the records into their tenants' chains. Nothing counts as written before {@link committed}. */
  form(records: readonly StoredRecord[]): FormedBatch {
    if (this.chains.size >= CHAINS_MAX) this.beginAnew();
    const rows: Row[] = [];
    const batches: Batch[] = [];
    const heads = new Map<string, ChainHead>();
    for (const [tenantId, own] of Map.groupBy(records, ({ tenantId: id }) => id)) {
      const batch = this.chain(tenantId, own, rows);
      batches.push(batch);
      heads.set(tenantId, { seq: batch.seq, hash: batch.hash, total: batch.total });
    }
    const values =
      rows.length === 1
        ? [...binaryValues(ROW_COLUMNS, rows[0]), ...binaryValues(BATCH_COLUMNS, batches[0])]
        : [...binaryArrays(ROW_COLUMNS, rows), ...binaryArrays(BATCH_COLUMNS, batches)];
    const { once, again } = rows.length === 1 ? STATEMENTS.one : STATEMENTS.many;
    return { statement: { ...once, values }, again: { ...again, values }, heads };
  }

  committed({ heads }: FormedBatch): void {
    for (const [tenantId, head] of heads) this.chains.set(tenantId, head);
  }

  /** Also after a batch whose fate is not known and that cannot be written as it was: its numbers are not used again. */
  beginAnew(): void {
    this.chains.clear();
    this.writerId = newId();
  }

  private chain(tenantId: string, records: readonly StoredRecord[], rows: Row[]): Batch {
    const previous = this.chains.get(tenantId) ?? { seq: 0, hash: NO_HASH, total: 0 };
    const { writerId } = this;
    const seq = previous.seq + 1;
    const salts = randomBytes(records.length * SALT_BYTES);
    const entries = Buffer.allocUnsafe(records.length * ENTRY_BYTES);
    for (const [position, record] of records.entries()) {
      const salt = salts.subarray(position * SALT_BYTES, (position + 1) * SALT_BYTES);
      const hashHex = recordHash(recordText(record), commitmentsOf(record, salt.toString('hex')));
      const { id, createdAt, groupId } = record;
      writeEntry(entries, position * ENTRY_BYTES, { id, createdAt, groupId, hashHex });
      rows.push({ record, writerId, seq, position, salt });
    }
    const times = records.map(({ createdAt }) => createdAt.getTime());
    const head = {
      tenantId,
      writerId,
      seq,
      count: records.length,
      total: previous.total + records.length,
      firstAt: new Date(Math.min(...times)),
      lastAt: new Date(Math.max(...times)),
      rootHex: merkleRoot(leavesOf(entries)).toString('hex'),
      previousHex: previous.hash,
    };
    return { ...head, entries, hash: batchHash(head) };
  }
}
