import { Injectable } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { DataSource, type SelectQueryBuilder } from 'typeorm';
import type { Caller } from '../auth/caller.js';
import type { Page } from '../common/envelope.js';
import { NotFoundError } from '../common/errors.js';
import { decodeTimeCursor, toPage } from '../common/paging.js';
import { CallLog } from './call-log.entity.js';
import type { CallLogQueryDto } from './call-logs.dto.js';

/** Without what was asked and answered: those can be large, and one call's own page shows them. */
export type CallSummary = Omit<CallLog, 'requestData' | 'responseData'>;

/** Reads the call log. Writing it is CallLogWriter's. */
@Injectable()
export class CallLogsService {
  constructor(@InjectDataSource() private readonly dataSource: DataSource) {}

  /** Newest first. */
  async list(caller: Caller, query: CallLogQueryDto): Promise<Page<CallSummary>> {
    const { repository, columns } = this.summaryColumns();
    const found = repository
      .createQueryBuilder('call')
      .select(columns)
      .where('call.tenant_id = :tenantId', { tenantId: caller.tenantId })
      .orderBy('call.created_at', 'DESC')
      .addOrderBy('call.id', 'DESC')
      .limit(query.limit + 1);
    filter(found, query);
    if (query.cursor) {
      const { at, id } = decodeTimeCursor(query.cursor);
      found.andWhere('(call.created_at, call.id) < (:at, :id)', { at, id });
      found.andWhere('call.created_at <= :at'); // lets Postgres leave out newer partitions
    }
    return toPage(await found.getMany(), query.limit, (call) => [call.createdAt.toISOString(), call.id]);
  }

  /** @throws {NotFoundError} Not there, or another tenant's. */
  async get(caller: Caller, id: string): Promise<CallLog> {
    const call = await this.dataSource.getRepository(CallLog).findOneBy({ id, tenantId: caller.tenantId });
    if (!call) throw new NotFoundError(`No call ${id}`);
    return call;
  }

  private summaryColumns() {
    const repository = this.dataSource.getRepository(CallLog);
    const columns = repository.metadata.columns
      .filter(({ propertyName }) => propertyName !== 'requestData' && propertyName !== 'responseData')
      .map(({ propertyName }) => `call.${propertyName}`);
    return { repository, columns };
  }
}

function filter(found: SelectQueryBuilder<CallLog>, query: CallLogQueryDto): void {
  if (query.tool !== undefined) found.andWhere('call.tool_name = :tool', { tool: query.tool });
  if (query.group_id) found.andWhere('call.group_id = :groupId', { groupId: query.group_id });
  if (query.success !== undefined) found.andWhere('call.success = :success', { success: query.success });
  if (query.caller_app_id !== undefined) {
    found.andWhere('call.caller_app_id = :callerAppId', { callerAppId: query.caller_app_id });
  }
  if (query.from) found.andWhere('call.created_at >= :from', { from: query.from });
  if (query.to) found.andWhere('call.created_at < :to', { to: query.to });
}
