import { Injectable } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { DataSource, type EntityManager } from 'typeorm';
import { AuditTrail } from '../../access/audit/audit-trail.js';
import type { UserCaller } from '../../access/caller.js';
import { CallLogRemovals } from '../chain/removals.js';
import { forgetRecordsInGuide } from '../search/forget.js';
import { byDayOf, type CallPlace, placesOf, portionsOf } from '../storage/call-places.js';
import { beginningsOfPartitions, stretchesOf } from '../storage/stretches.js';
import { InvalidInputError } from '../../platform/errors.js';
import type { EraseDto } from './evidence.dto.js';

const AT_ONCE = 1000;
const ERASE = 'SELECT erase_call_records_within($1, $2, $3) AS id';
const OF_USER = `SELECT id, created_at AS "createdAt" FROM mcp_call_logs WHERE tenant_id = $1 AND request_commitment IS NULL
  AND created_at >= $4 AND created_at < $5
  AND (user_id = $2::uuid OR strpos(lower(request_data::text), $2::uuid::text) > 0
    OR ($3::boolean AND strpos(lower(response_data::text), $2::uuid::text) > 0))`;

/** Removes what calls asked and answered, for good. That they were made, when and how they ended stays, and stays provable. */
@Injectable()
export class ErasureService {
  constructor(
    @InjectDataSource() private readonly dataSource: DataSource,
    private readonly removals: CallLogRemovals,
    private readonly audit: AuditTrail,
  ) {}

  /**
   * All of it or nothing, with a signed removal and an audit entry. Records of more than two hundred days go in several such steps:
   * one transaction cannot hold as many partitions. After a failure, ask again.
   *
   * @returns How many records were erased by this; those that are erased already do not count.
   * @throws {InvalidInputError} Not exactly one of a user and record ids was given.
   */
  async erase(caller: UserCaller, asked: EraseDto): Promise<{ readonly erased: number }> {
    if ((asked.user_id === undefined) === (asked.record_ids === undefined)) {
      throw new InvalidInputError('Give either user_id or record_ids');
    }
    const places = asked.record_ids
      ? await placesOf(this.dataSource, caller.tenantId, asked.record_ids)
      : await this.placesOfUser(caller, asked);
    let erased = 0;
    for (const portion of portionsOf(places)) erased += await this.erasePortion(caller, asked, portion);
    return { erased };
  }

  private erasePortion(caller: UserCaller, asked: EraseDto, places: readonly CallPlace[]): Promise<number> {
    return this.dataSource.transaction(async (manager) => {
      let erased = 0;
      for (let from = 0; from < places.length; from += AT_ONCE)
        erased += await this.eraseSome(manager, caller, {
          places: places.slice(from, from + AT_ONCE),
          reason: asked.reason,
        });
      await this.audit.record(manager, caller, {
        action: 'call_log.erase',
        // Not as the target: the id is whatever was asked for, and need not be somebody of this tenant.
        after: {
          user_id: asked.user_id,
          reason: asked.reason,
          erased,
          include_results: asked.include_results ?? false,
        },
      });
      return erased;
    });
  }

  private async eraseSome(
    manager: EntityManager,
    { tenantId, email: by }: UserCaller,
    { places, reason }: { places: readonly CallPlace[]; reason: string },
  ): Promise<number> {
    const gone = new Set<string>();
    for (const { span, ids } of byDayOf(places)) {
      const rows = await manager.query<{ id: string }[]>(ERASE, [ids, span.from, span.before]);
      for (const { id } of rows) gone.add(id);
    }
    await this.removals.recordErasure(manager, { tenantId, recordIds: [...gone], reason, by });
    const times = places.filter(({ id }) => gone.has(id)).map(({ createdAt }) => createdAt);
    await forgetRecordsInGuide(manager, { tenantId, times });
    return gone.size;
  }

  private async placesOfUser(
    { tenantId }: UserCaller,
    { user_id: userId, include_results: withResults = false }: EraseDto,
  ): Promise<CallPlace[]> {
    const places: CallPlace[] = [];
    for (const { from, before } of stretchesOf(await beginningsOfPartitions(this.dataSource))) {
      const values = [tenantId, userId, withResults, from, before];
      places.push(...(await this.dataSource.query<CallPlace[]>(OF_USER, values)));
    }
    return places;
  }
}
