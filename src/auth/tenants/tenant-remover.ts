import { Injectable } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { DataSource, type EntityManager } from 'typeorm';
import { AuditTrail } from '../../access/audit/audit-trail.js';
import { Tenant } from '../../access/tenant.entity.js';
import { CallLogRemovals } from '../../call-logs/chain/removals.js';
import { CALL_LOG, countCalls, deleteCalls } from '../../call-logs/storage/tenant-calls.js';
import { SYSTEM_DATABASE } from '../../platform/database/system-database.js';
import { Config } from '../../platform/config.js';
import type { RemovalPosition, TenantJob } from './tenant-job.entity.js';
import { listTenantTables, quoted, type TenantTable } from './tenant-tables.js';

type Where = { readonly tenantId: string; readonly after?: RemovalPosition['after'] | undefined };
/** `goOnAfter` is there while the table may have more. */
type Batch = { readonly count: number; readonly goOnAfter: readonly string[] | undefined };

/** What one step changed of the job's row. */
export type JobProgress = Partial<Pick<TenantJob, 'doneRows' | 'totalRows' | 'position' | 'status'>>;

/**
 * Deletes everything of a tenant, step by step. Each step is one short transaction of at most `TENANT_DELETE_BATCH_ROWS`
 * rows together with the job's progress, so that nothing is locked for long and any replica can go on from there.
 *
 * It goes through the tables in order of their keys, then looks at all of them once more: call records that were under way
 * may have come behind it. The tenant's own row goes last, when nothing is left.
 */
@Injectable()
export class TenantRemover {
  constructor(
    private readonly audit: AuditTrail,
    private readonly callLogRemovals: CallLogRemovals,
    private readonly config: Config,
    @InjectDataSource(SYSTEM_DATABASE) private readonly system: DataSource,
  ) {}

  /** @param manager Of the transaction that holds the job's row. */
  async step(manager: EntityManager, job: TenantJob): Promise<JobProgress> {
    const tables = await listTenantTables(manager);
    if (job.totalRows === null) return { totalRows: await this.count(manager, tables, job.subjectId) };
    const place = tables.findIndex(({ name }) => name === job.position?.table);
    const table = tables[Math.max(place, 0)];
    const after = place < 0 ? undefined : job.position?.after;
    const where = { tenantId: job.subjectId, after };
    const { count, goOnAfter } =
      table.name === CALL_LOG
        ? await this.deleteCalls(manager, where)
        : await this.deleteBatch(manager, table, where);
    const doneRows = String(Number(job.doneRows) + count);
    if (goOnAfter) return { doneRows, position: { table: table.name, after: goOnAfter } };
    const next = tables[Math.max(place, 0) + 1];
    if (next) return { doneRows, position: { table: next.name, after: [] } };
    return { doneRows, ...(await this.finish(manager, job, { tables, doneRows })) };
  }

  private async count(
    manager: EntityManager,
    tables: readonly TenantTable[],
    tenantId: string,
  ): Promise<string> {
    const counts = tables
      .filter(({ name }) => name !== CALL_LOG)
      .map(({ name }) => `(SELECT count(*) FROM ${quoted(name)} WHERE tenant_id = $1)`);
    const [{ total }] = await manager.query<[{ total: string }]>(`SELECT ${counts.join(' + ')} AS total`, [
      tenantId,
    ]);
    return String(Number(total) + (await countCalls(this.system, tenantId)));
  }

  /** `after` is when the partitions begin that are not done yet. */
  private async deleteCalls(manager: EntityManager, { tenantId, after = [] }: Where): Promise<Batch> {
    const from = after.length === 1 ? new Date(after[0]) : undefined;
    const batch = this.config.env.TENANT_DELETE_BATCH_ROWS;
    const { count, goOnFrom } = await deleteCalls(manager, tenantId, { from, batch });
    return { count, goOnAfter: goOnFrom && [goOnFrom.toISOString()] };
  }

  /** In the order of the key, from where the last batch ended: so each table is walked through once. */
  private async deleteBatch(
    manager: EntityManager,
    { name, key }: TenantTable,
    { tenantId, after = [] }: Where,
  ): Promise<Batch> {
    const columns = key.map((column) => quoted(column.name)).join(', ');
    const behind = after.map((_value, index) => `$${index + 3}::text::${key[index].type}`).join(', ');
    const condition = after.length > 0 ? `AND (${columns}) > (${behind})` : '';
    const texts = key.map((column) => `${quoted(column.name)}::text`).join(', ');
    const rows = await manager.query<{ last: string[] }[]>(
      `WITH batch AS MATERIALIZED (SELECT ${columns} FROM ${quoted(name)} WHERE tenant_id = $1 ${condition}
           ORDER BY ${columns} LIMIT $2),
         gone AS (DELETE FROM ${quoted(name)} WHERE tenant_id = $1 AND (${columns}) IN (SELECT ${columns} FROM batch))
       SELECT ARRAY[${texts}] AS last FROM batch ORDER BY ${columns}`,
      [tenantId, this.config.env.TENANT_DELETE_BATCH_ROWS, ...after],
    );
    const isFull = rows.length === this.config.env.TENANT_DELETE_BATCH_ROWS;
    return { count: rows.length, goOnAfter: isFull ? rows.at(-1)?.last : undefined };
  }

  private async finish(
    manager: EntityManager,
    job: TenantJob,
    { tables, doneRows }: { tables: readonly TenantTable[]; doneRows: string },
  ): Promise<JobProgress> {
    const left = await this.count(manager, tables, job.subjectId);
    if (left !== '0') return { position: null };
    await manager.delete(Tenant, { id: job.subjectId });
    // Its checkpoints may be kept outside, and tell of a log that is not there any more.
    await this.callLogRemovals.recordTenant(manager, {
      tenantId: job.tenantId,
      deletedId: job.subjectId,
      reason: `tenant ${job.subjectName} was deleted`,
      by: 'tenant.delete',
    });
    const actor = { kind: 'job', tenantId: job.tenantId, job: 'tenant.delete' };
    await this.audit.record(manager, actor, {
      action: 'tenant.deleted',
      target: { kind: 'tenant', id: job.subjectId, name: job.subjectName },
      after: { rows: Number(doneRows), requestedBy: job.requestedBy },
    });
    // Jobs that work on the tenant's records may have written some after they were counted.
    return { status: 'done', position: null, totalRows: doneRows };
  }
}
