import { Injectable } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { DataSource, type SelectQueryBuilder } from 'typeorm';
import { AdminAuditLog } from './audit-log.entity.js';
import { AuditTrail } from './audit-trail.js';
import type { UserCaller } from '../caller.js';
import { csvBeginning } from '../../platform/rest/csv.js';
import type { Download } from '../../platform/rest/download.js';
import type { Page } from '../../platform/rest/envelope.js';
import { NotFoundError } from '../../platform/errors.js';
import { decodeTimeCursor, toPage } from '../../platform/rest/paging.js';
import { inTenant } from '../../platform/request-scope.js';
import { containing } from '../../platform/database/search.js';
import { CSV_HEADER, toCsvLine, toJsonLine } from './audit-lines.js';
import type { AuditExportQueryDto, AuditFilterDto, AuditQueryDto } from './audit-logs.dto.js';

const EXPORT_PAGE = 500;
const ANYWHERE = `(log.action ILIKE :q OR log.actor_name ILIKE :q OR log.target_name ILIKE :q OR log.reason ILIKE :q
  OR log.before::text ILIKE :q OR log.after::text ILIKE :q)`;

/** Reads the admin audit. Writing it is AuditTrail's. */
@Injectable()
export class AuditLogsService {
  constructor(
    @InjectDataSource() private readonly dataSource: DataSource,
    private readonly audit: AuditTrail,
  ) {}

  /** Newest first. */
  async list(caller: UserCaller, query: AuditQueryDto): Promise<Page<AdminAuditLog>> {
    const found = this.find(caller, query).limit(query.limit + 1);
    if (query.cursor) {
      found.andWhere('(log.created_at, log.id) < (:at, :id)', decodeTimeCursor(query.cursor));
    }
    return toPage(await found.getMany(), query.limit, (log) => [log.createdAt.toISOString(), log.id]);
  }

  /** @throws {NotFoundError} Not there, or another tenant's. */
  async get(caller: UserCaller, id: string): Promise<AdminAuditLog> {
    const log = await this.dataSource
      .getRepository(AdminAuditLog)
      .findOneBy({ id, tenantId: caller.tenantId });
    if (!log) throw new NotFoundError(`No audit entry ${id}`);
    return log;
  }

  /** Everything that the filter lets through, up to the moment it begins. That somebody took it is on record, too. */
  async export(caller: UserCaller, { format, bom, ...filter }: AuditExportQueryDto): Promise<Download> {
    const to = filter.to ?? new Date();
    await this.audit.recordAct(caller, { action: 'audit.export', after: { format, ...filter } });
    const isCsv = format === 'csv';
    return {
      contentType: isCsv ? 'text/csv; charset=utf-8; header=present' : 'application/jsonl; charset=utf-8',
      fileName: `audit-${new Date().toISOString().slice(0, 10)}.${format}`,
      content: this.lines(
        caller,
        { ...filter, to },
        isCsv ? toCsvLine : toJsonLine,
        isCsv ? csvBeginning(CSV_HEADER, bom) : '',
      ),
    };
  }

  /** Page by page, each its own unit of work: no connection is held while the client reads. */
  private async *lines(
    caller: UserCaller,
    filter: AuditFilterDto,
    toLine: (log: AdminAuditLog) => string,
    header: string,
  ): AsyncGenerator<string> {
    if (header !== '') yield header;
    let after: AdminAuditLog | undefined;
    for (;;) {
      const page = await inTenant(caller.tenantId, () => {
        const found = this.find(caller, filter).limit(EXPORT_PAGE);
        if (after) {
          found.andWhere('(log.created_at, log.id) < (:at, :id)', { at: after.createdAt, id: after.id });
        }
        return found.getMany();
      });
      if (page.length > 0) yield page.map(toLine).join('');
      if (page.length < EXPORT_PAGE) return;
      after = page.at(-1);
    }
  }

  private find(caller: UserCaller, filter: AuditFilterDto): SelectQueryBuilder<AdminAuditLog> {
    const found = this.dataSource
      .getRepository(AdminAuditLog)
      .createQueryBuilder('log')
      .where('log.tenant_id = :tenantId', { tenantId: caller.tenantId })
      .orderBy('log.created_at', 'DESC')
      .addOrderBy('log.id', 'DESC');
    const { actor_id: actorId, actor, action, target_kind: targetKind, target_id: targetId } = filter;
    if (actorId !== undefined) found.andWhere('log.actor_id = :actorId', { actorId });
    if (actor !== undefined) found.andWhere('log.actor_name = :actor', { actor });
    if (action?.endsWith('.*')) {
      found.andWhere('starts_with(log.action, :kind)', { kind: action.slice(0, -1) });
    } else if (action !== undefined) found.andWhere('log.action = :action', { action });
    if (targetKind !== undefined) found.andWhere('log.target_kind = :targetKind', { targetKind });
    if (targetId !== undefined) found.andWhere('log.target_id = :targetId', { targetId });
    if (filter.result !== undefined) found.andWhere('log.result = :result', { result: filter.result });
    if (filter.from) found.andWhere('log.created_at >= :from', { from: filter.from });
    if (filter.to) found.andWhere('log.created_at < :to', { to: filter.to });
    if (filter.q) found.andWhere(ANYWHERE, { q: containing(filter.q) });
    return found;
  }
}
