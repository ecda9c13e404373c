import { Injectable } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { DataSource } from 'typeorm';
import type { Caller } from '../access/caller.js';
import type { Page } from '../platform/rest/envelope.js';
import { NotFoundError } from '../platform/errors.js';
import { decodeTimeCursor, encodeCursor, toPage } from '../platform/rest/paging.js';
import { CallLog } from './chain/call-log.entity.js';
import type { CallLogQueryDto } from './call-logs.dto.js';
import { CallSearch, type CallSummary } from './search/call-search.js';
import { placesOf } from './storage/call-places.js';

/** Reads the call log. Writing it is CallLogWriter's. */
@Injectable()
export class CallLogsService {
  constructor(
    @InjectDataSource() private readonly dataSource: DataSource,
    private readonly search: CallSearch,
  ) {}

  /** Newest first. A page that would take too long is short, even empty, and its cursor goes on from where it stopped. */
  async list({ tenantId }: Caller, query: CallLogQueryDto): Promise<Page<CallSummary>> {
    const { cursor, limit, ...filter } = query;
    const before = cursor === undefined ? undefined : decodeTimeCursor(cursor);
    const { calls, stoppedAt } = await this.search.find(tenantId, { filter, before, limit: limit + 1 });
    const page = toPage(calls, limit, (call) => [call.createdAt.toISOString(), call.id]);
    if (!stoppedAt) return page;
    return { ...page, nextCursor: encodeCursor([stoppedAt.at.toISOString(), stoppedAt.id]) };
  }

  /** @throws {NotFoundError} Not there, or another tenant's. */
  async get(caller: Caller, id: string): Promise<CallLog> {
    const [place] = await placesOf(this.dataSource, caller.tenantId, [id]);
    const call =
      place &&
      (await this.dataSource.getRepository(CallLog).findOneBy({ ...place, tenantId: caller.tenantId }));
    if (!call) throw new NotFoundError(`No call ${id}`);
    return call;
  }
}
