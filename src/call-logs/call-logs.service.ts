import { Injectable } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { DataSource } from 'typeorm';
import type { Caller } from '../auth/caller.js';
import type { Page } from '../common/envelope.js';
import { NotFoundError } from '../common/errors.js';
import { decodeTimeCursor, toPage } from '../common/paging.js';
import { CallLog } from './call-log.entity.js';
import type { CallLogQueryDto } from './call-logs.dto.js';
import { CallSearch, type CallSummary } from './search/call-search.js';

/** Reads the call log. Writing it is CallLogWriter's. */
@Injectable()
export class CallLogsService {
  constructor(
    @InjectDataSource() private readonly dataSource: DataSource,
    private readonly search: CallSearch,
  ) {}

  /** Newest first. */
  async list({ tenantId }: Caller, query: CallLogQueryDto): Promise<Page<CallSummary>> {
    const { cursor, limit, ...filter } = query;
    const before = cursor === undefined ? undefined : decodeTimeCursor(cursor);
    const calls = await this.search.find(tenantId, { filter, before, limit: limit + 1 });
    return toPage(calls, limit, (call) => [call.createdAt.toISOString(), call.id]);
  }

  /** @throws {NotFoundError} Not there, or another tenant's. */
  async get(caller: Caller, id: string): Promise<CallLog> {
    const call = await this.dataSource.getRepository(CallLog).findOneBy({ id, tenantId: caller.tenantId });
    if (!call) throw new NotFoundError(`No call ${id}`);
    return call;
  }
}
