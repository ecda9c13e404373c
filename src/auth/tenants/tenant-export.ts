import { createGzip } from 'node:zlib';
import { Readable } from 'node:stream';
import { Injectable } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { DataSource, type QueryRunner } from 'typeorm';
import { IS_PARTITION } from '../../../migrations/tenant-owned.js';
import { lockShared, tryLock } from '../../platform/database/advisory-locks.js';
import { AuditTrail } from '../../access/audit/audit-trail.js';
import type { UserCaller } from '../../access/caller.js';
import type { Download } from '../../platform/rest/download.js';
import { ConflictError } from '../../platform/errors.js';
import { inTenant } from '../../platform/request-scope.js';
import { toLogJson } from '../../platform/secrets/redact.js';
import { CALL_LOG } from '../../call-logs/storage/tenant-calls.js';
import { beginningsOfPartitions, stretchesOf } from '../../call-logs/storage/stretches.js';
import { TAR_END, tarEntry } from './tar.js';
import { quoted } from './tenant-tables.js';

const ROWS_PER_FETCH = 500;
/** Of one file in the archive; the next rows go into the next one. */
const FILE_MAX_BYTES = 4 * 1_048_576;

/** What is left out although its rows are exported: by name, for columns that hold text or structure, and all bytes. */
const SECRET_COLUMN = /passw|secret|hash|token|cipher|credential|private|recovery|totp|otp_|seed|nonce|salt/i;
const HARMLESS_TYPES = ['uuid', 'bool', 'int2', 'int4', 'int8', 'float4', 'float8', 'timestamptz', 'date'];

const COLUMNS = `SELECT c.relname AS "table", a.attname AS "column", t.typname AS type
  FROM pg_class c
  JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
  JOIN pg_type t ON t.oid = a.atttypid
  WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p') AND NOT ${IS_PARTITION}
    AND has_column_privilege(c.oid, a.attnum, 'SELECT')
    AND EXISTS (SELECT FROM pg_attribute o WHERE o.attrelid = c.oid AND NOT o.attisdropped
      AND o.attname = CASE c.relname WHEN 'tenants' THEN 'id' ELSE 'tenant_id' END)
  ORDER BY c.relname, a.attnum`;

type Column = { readonly table: string; readonly column: string; readonly type: string };
type Lines = { readonly text: string; readonly count: number };
type TablePlan = { readonly table: string; readonly columns: string[]; readonly omitted: string[] };

/**
 * All data of a tenant as one archive (tar, gzip) of JSON Lines per table, made while it is sent: one moment of the database
 * (REPEATABLE READ), read by a cursor as the service's role, so that row-level security decides what is in it. Keys, hashes
 * of passwords and tokens, and everything else that lets somebody in are left out. `manifest.json` comes last: an archive
 * without it is not whole.
 */
@Injectable()
export class TenantExport {
  constructor(
    @InjectDataSource() private readonly dataSource: DataSource,
    private readonly audit: AuditTrail,
  ) {}

  /** @throws {ConflictError} Another export of the tenant is running. */
  async open(caller: UserCaller): Promise<Download> {
    const runner = this.dataSource.createQueryRunner();
    try {
      // Connected here, in the request's scope: the connection stays the tenant's while the archive is made.
      await runner.startTransaction('REPEATABLE READ');
      if (!(await tryLock(runner, 'tenantExport', caller.tenantId)))
        throw new ConflictError('An export of this tenant is running already; wait until it ends');
      await lockShared(runner, 'callLogReading');
      const target = { kind: 'tenant', id: caller.tenantId };
      await this.audit.recordAct(caller, { action: 'tenant.export', target });
    } catch (error) {
      await close(runner);
      throw error;
    }
    const day = new Date().toISOString().slice(0, 10);
    return {
      contentType: 'application/gzip',
      fileName: `tenant-${caller.tenantId}-${day}.tar.gz`,
      content: compressed(archive(runner, caller.tenantId)),
    };
  }
}

async function* compressed(content: AsyncGenerator<Buffer>): AsyncGenerator<Buffer> {
  const gzip = createGzip();
  const source = Readable.from(content, { highWaterMark: 1 });
  source.on('error', (error) => gzip.destroy(error)).pipe(gzip);
  try {
    for await (const piece of gzip) yield piece as Buffer;
  } finally {
    source.destroy();
    await content.return(undefined);
  }
}

async function* archive(runner: QueryRunner, tenantId: string): AsyncGenerator<Buffer> {
  const madeAt = new Date();
  const tables: { table: string; rows: number; omitted_columns: string[] }[] = [];
  try {
    for (const plan of plansOf((await runner.query(COLUMNS)) as Column[])) {
      let rows = 0;
      let file = 0;
      for await (const lines of plan.table === CALL_LOG
        ? readCalls(runner, tenantId, plan)
        : readTable(runner, plan)) {
        file += 1;
        rows += lines.count;
        const name = `${plan.table}/${String(file).padStart(6, '0')}.jsonl`;
        yield tarEntry(name, Buffer.from(lines.text), madeAt);
      }
      tables.push({ table: plan.table, rows, omitted_columns: plan.omitted });
    }
    const manifest = { tenant_id: tenantId, made_at: madeAt.toISOString(), tables };
    yield tarEntry('manifest.json', Buffer.from(`${JSON.stringify(manifest, null, 2)}\n`), madeAt);
    yield TAR_END;
  } finally {
    await close(runner);
  }
}

/** As it was at the moment of the archive, a few partitions at a time: one transaction cannot hold those of years. */
async function* readCalls(runner: QueryRunner, tenantId: string, plan: TablePlan): AsyncGenerator<Lines> {
  const [{ name }] = (await runner.query('SELECT pg_export_snapshot() AS name')) as [{ name: string }];
  for (const { from, before } of stretchesOf(await beginningsOfPartitions(runner))) {
    const reader = runner.connection.createQueryRunner();
    try {
      await inTenant(tenantId, () => reader.startTransaction('REPEATABLE READ'));
      await reader.query(`SET TRANSACTION SNAPSHOT '${name}'`);
      const [low, high] = [from, before].map((at) => `'${at.toISOString()}'`);
      yield* readTable(reader, plan, `AND created_at >= ${low} AND created_at < ${high}`);
    } finally {
      await close(reader);
    }
  }
}

async function* readTable(
  runner: QueryRunner,
  { table, columns }: TablePlan,
  also = '',
): AsyncGenerator<Lines> {
  const owner = table === 'tenants' ? 'id' : 'tenant_id';
  // The condition says what row-level security says: nothing rests on one of them alone.
  await runner.query(
    `DECLARE export NO SCROLL CURSOR FOR SELECT ${columns.map(quoted).join(', ')} FROM ${quoted(table)}
       WHERE ${owner} = current_tenant_id() ${also}`,
  );
  let text = '';
  let count = 0;
  for (;;) {
    const rows = (await runner.query(`FETCH ${ROWS_PER_FETCH} FROM export`)) as object[];
    for (const row of rows) {
      text += `${toLogJson(row, Number.MAX_SAFE_INTEGER)}\n`;
      count += 1;
      if (text.length < FILE_MAX_BYTES) continue;
      yield { text, count };
      [text, count] = ['', 0];
    }
    if (rows.length < ROWS_PER_FETCH) break;
  }
  if (count > 0) yield { text, count };
  await runner.query('CLOSE export');
}

function plansOf(columns: readonly Column[]): TablePlan[] {
  const plans = new Map<string, TablePlan>();
  for (const { table, column, type } of columns) {
    const plan = plans.get(table) ?? { table, columns: [], omitted: [] };
    plans.set(table, plan);
    (isSecret(column, type) ? plan.omitted : plan.columns).push(column);
  }
  return [...plans.values()];
}

function isSecret(column: string, type: string): boolean {
  return type === 'bytea' || (SECRET_COLUMN.test(column) && !HARMLESS_TYPES.includes(type));
}

async function close(runner: QueryRunner): Promise<void> {
  if (runner.isReleased) return;
  await runner.rollbackTransaction().catch(() => undefined);
  await runner.release();
}
