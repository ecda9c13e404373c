import { Injectable } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { DataSource, type EntityManager } from 'typeorm';
import { AuditTrail } from '../../access/audit/audit-trail.js';
import type { UserCaller } from '../../access/caller.js';
import { CallLogRemovals } from '../chain/removals.js';
import { forgetRecordsInGuide } from '../search/forget.js';
import { InvalidInputError } from '../../platform/errors.js';
import type { EraseDto } from './evidence.dto.js';

const AT_ONCE = 1000;
const OF_USER = `SELECT id FROM mcp_call_logs WHERE tenant_id = $1 AND request_commitment IS NULL
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
   * All of it or nothing, with a signed removal and an audit entry.
   *
   * @returns How many records were erased by this; those that are erased already do not count.
   * @throws {InvalidInputError} Not exactly one of a user and record ids was given.
   */
  async erase(caller: UserCaller, asked: EraseDto): Promise<{ readonly erased: number }> {
    if ((asked.user_id === undefined) === (asked.record_ids === undefined)) {
      throw new InvalidInputError('Give either user_id or record_ids');
    }
    return this.dataSource.transaction(async (manager) => {
      const ids = asked.record_ids ?? (await this.idsOfUser(manager, caller, asked));
      let erased = 0;
      for (let from = 0; from < ids.length; from += AT_ONCE) {
        erased += await this.eraseSome(manager, caller, {
          ids: ids.slice(from, from + AT_ONCE),
          reason: asked.reason,
        });
      }
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
      return { erased };
    });
  }

  private async eraseSome(
    manager: EntityManager,
    caller: UserCaller,
    { ids, reason }: { ids: readonly string[]; reason: string },
  ): Promise<number> {
    const gone = await manager.query<{ id: string }[]>('SELECT erase_call_records($1) AS id', [ids]);
    const { tenantId, email: by } = caller;
    await this.removals.recordErasure(manager, { tenantId, recordIds: gone.map(({ id }) => id), reason, by });
    await forgetRecordsInGuide(manager, { tenantId, ids: gone.map(({ id }) => id) });
    return gone.length;
  }

  private async idsOfUser(
    manager: EntityManager,
    { tenantId }: UserCaller,
    { user_id: userId, include_results: withResults = false }: EraseDto,
  ): Promise<string[]> {
    const rows = await manager.query<{ id: string }[]>(OF_USER, [tenantId, userId, withResults]);
    return rows.map(({ id }) => id);
  }
}
