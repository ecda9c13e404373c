import { randomFillSync } from 'node:crypto';
import { v7 as newId } from 'uuid';
import { arrayLiteral, type ElementType, type ElementValue as Value, plainText } from './array-literal.js';
import type { StoredRecord } from './call-record.js';
import {
  batchHash,
  commitmentsOf,
  ENTRY_BYTES,
  leavesOf,
  merkleRoot,
  NO_HASH,
  recordHash,
  recordText,
  writeEntry,
} from './record-hash.js';

const ROW_COLUMNS = [
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
  ['request_data', 'json'],
  ['response_data', 'json'],
  ['success', 'boolean'],
  ['error_kind', 'varchar'],
  ['error_message', 'text'],
  ['duration_ms', 'real'],
  ['writer_id', 'uuid'],
  ['batch_seq', 'integer'],
  ['batch_position', 'smallint'],
  ['salt', 'bytea'],
] as const;

const BATCH_COLUMNS = [
  ['tenant_id', 'uuid'],
  ['writer_id', 'uuid'],
  ['seq', 'integer'],
  ['record_count', 'smallint'],
  ['records_total', 'bigint'],
  ['first_at', 'timestamptz'],
  ['last_at', 'timestamptz'],
  ['entries', 'bytea'],
  ['root', 'bytea'],
  ['previous_hash', 'bytea'],
  ['hash', 'bytea'],
] as const;

type Columns = readonly (readonly [name: string, type: ElementType])[];
const namesOf = (columns: Columns) => columns.map(([name]) => name).join(', ');
const asArrays = (columns: Columns, from: number) =>
  `SELECT * FROM unnest(${columns.map(([, type], index) => `$${from + index}::${type}[]`).join(', ')})`;
const asValues = (columns: Columns, from: number) =>
  `VALUES (${columns.map(([, type], index) => `$${from + index}::${type}`).join(', ')})`;
const asNothing = (columns: Columns) =>
  `SELECT ${columns.map(([, type]) => `null::${type}`).join(', ')} WHERE false`;
const insertInto = (source: (columns: Columns, from: number) => string) =>
  `WITH batches AS (INSERT INTO call_log_batches (${namesOf(BATCH_COLUMNS)})
     ${source(BATCH_COLUMNS, ROW_COLUMNS.length + 1)} ON CONFLICT DO NOTHING)
   INSERT INTO mcp_call_logs (${namesOf(ROW_COLUMNS)}) ${source(ROW_COLUMNS, 1)} ON CONFLICT DO NOTHING`;

const INSERT_MANY = insertInto(asArrays);
/** A lone record, as on an idle service: PostgreSQL needs half the time for it that arrays of one element take. */
const INSERT_ONE = insertInto(asValues);
/** Fails as an INSERT would (table, rights, read-only server), writes nothing. */
export const PROBE = insertInto(asNothing);

type ChainHead = { readonly seq: number; readonly hash: string; readonly total: number };

/** A batch ready to be written; the lane goes on from `heads` once it is committed. */
export type FormedBatch = {
  /** Inserts the records and their batches, all or none; given twice, the second time changes nothing. */
  readonly statement: { readonly name: string; readonly text: string; readonly values: (string | null)[] };
  readonly heads: ReadonlyMap<string, ChainHead>;
};

/** Above, the lane begins new chains under a new writer id: its memory is bounded whatever the number of tenants. */
const CHAINS_MAX = 10_000;
const SALT_BYTES = 16;
const SALTS_AT_ONCE = 256;

/**
 * One of the writer's ways to the database. It commits one batch at a time, and keeps for each tenant the end of a chain of
 * its own, so no chain forks and no lane, here or in another replica, waits for another. Does no I/O itself.
 */
export class CallLogLane {
  isBusy = false;
  private writerId = newId();
  private readonly chains = new Map<string, ChainHead>();
  private readonly salts = Buffer.alloc(SALT_BYTES * SALTS_AT_ONCE);
  private saltsUsed = SALTS_AT_ONCE;

  /** Hashes the records into their tenants' chains. Nothing counts as written before {@link committed}. */
  form(records: readonly StoredRecord[]): FormedBatch {
    if (this.chains.size >= CHAINS_MAX) this.beginAnew();
    const byTenant = groupByTenant(records);
    const rows: Value[][] = [];
    const batches: Value[][] = [];
    const heads = new Map<string, ChainHead>();
    for (const [tenantId, own] of byTenant) {
      const { batch, head } = this.chain(tenantId, own, rows);
      batches.push(batch);
      heads.set(tenantId, head);
    }
    return { statement: statementFor(rows, batches), heads };
  }

  committed({ heads }: FormedBatch): void {
    for (const [tenantId, head] of heads) this.chains.set(tenantId, head);
  }

  /** Also after a batch whose fate is not known and that cannot be written as it was: its numbers are not used again. */
  beginAnew(): void {
    this.chains.clear();
    this.writerId = newId();
  }

  private chain(tenantId: string, records: readonly StoredRecord[], rows: Value[][]) {
    const previous = this.chains.get(tenantId) ?? { seq: 0, hash: NO_HASH, total: 0 };
    const seq = previous.seq + 1;
    const entries = Buffer.alloc(records.length * ENTRY_BYTES);
    for (const [position, record] of records.entries()) {
      const saltHex = this.nextSalt();
      const hashHex = recordHash(recordText(record), commitmentsOf(record, saltHex));
      writeEntry(entries, position * ENTRY_BYTES, {
        id: record.id,
        createdAt: record.createdAt,
        groupId: record.groupId,
        hashHex,
      });
      const row = rowOf(record);
      row.push(this.writerId, seq, position, saltHex);
      rows.push(row);
    }
    const times = records.map(({ createdAt }) => createdAt.getTime());
    const summary = {
      tenantId,
      writerId: this.writerId,
      seq,
      count: records.length,
      total: previous.total + records.length,
      firstAt: new Date(Math.min(...times)),
      lastAt: new Date(Math.max(...times)),
      rootHex: merkleRoot(leavesOf(entries)).toString('hex'),
      previousHex: previous.hash,
    };
    const hash = batchHash(summary);
    const batch: Value[] = [
      tenantId,
      this.writerId,
      seq,
      summary.count,
      summary.total,
      summary.firstAt.toISOString(),
      summary.lastAt.toISOString(),
      entries.toString('hex'),
      summary.rootHex,
      previous.hash,
      hash,
    ];
    return { batch, head: { seq, hash, total: summary.total } };
  }

  private nextSalt(): string {
    if (this.saltsUsed === SALTS_AT_ONCE) {
      randomFillSync(this.salts);
      this.saltsUsed = 0;
    }
    const offset = this.saltsUsed++ * SALT_BYTES;
    return this.salts.toString('hex', offset, offset + SALT_BYTES);
  }
}

/** In the order of {@link ROW_COLUMNS}, without the place in the chain. */
function rowOf(record: StoredRecord): Value[] {
  return [
    record.id,
    record.createdAt.toISOString(),
    record.tenantId,
    record.groupId,
    record.toolName,
    record.toolId,
    record.callerAppId,
    record.keyId,
    record.userId,
    record.era,
    record.transport,
    record.isTest,
    record.request,
    record.response,
    record.success,
    record.errorKind,
    record.errorMessage,
    record.durationMs,
  ];
}

function groupByTenant(records: readonly StoredRecord[]): Map<string, StoredRecord[]> {
  const groups = new Map<string, StoredRecord[]>();
  for (const record of records) {
    const group = groups.get(record.tenantId);
    if (group) group.push(record);
    else groups.set(record.tenantId, [record]);
  }
  return groups;
}

function statementFor(rows: readonly (readonly Value[])[], batches: readonly (readonly Value[])[]) {
  if (rows.length === 1) {
    const values = [...textsOf(ROW_COLUMNS, rows[0]), ...textsOf(BATCH_COLUMNS, batches[0])];
    return { name: 'insert_call_log', text: INSERT_ONE, values };
  }
  // An array as text for each column: the driver would take three times as long to write them.
  const values = [...arraysOf(ROW_COLUMNS, rows), ...arraysOf(BATCH_COLUMNS, batches)];
  return { name: 'insert_call_logs', text: INSERT_MANY, values };
}

function textsOf(columns: Columns, row: readonly Value[]): (string | null)[] {
  return columns.map(([, type], index) => plainText(type, row[index]));
}

function arraysOf(columns: Columns, rows: readonly (readonly Value[])[]): string[] {
  return columns.map(([, type], index) =>
    arrayLiteral(
      type,
      rows.map((row) => row[index]),
    ),
  );
}
