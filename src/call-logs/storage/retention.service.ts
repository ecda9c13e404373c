import { Injectable } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { DataSource, type EntityManager, IsNull } from 'typeorm';
import { newId } from '../../platform/new-id.js';
import { AuditTrail } from '../../access/audit/audit-trail.js';
import type { UserCaller } from '../../access/caller.js';
import { InvalidInputError, NotFoundError } from '../../platform/errors.js';
import { type ReadVersions, requireVersion } from '../../platform/rest/preconditions.js';
import { invalidFields } from '../../platform/rest/validation.js';
import { Config } from '../../platform/config.js';
import { CallLogRetention } from './call-log-retention.entity.js';
import { type RetentionDto, type SetRetentionDto, toRetentionDto } from './retention.dto.js';

const GROUP_EXISTS = 'SELECT FROM mcp_tool_groups WHERE id = $1 AND tenant_id = $2';

type Decision = Pick<CallLogRetention, 'keep' | 'days'>;

/** How long a tenant keeps the records of its calls, and of a group's. `RetentionJob` acts on it. */
@Injectable()
export class RetentionService {
  constructor(
    @InjectDataSource() private readonly dataSource: DataSource,
    private readonly audit: AuditTrail,
    private readonly config: Config,
  ) {}

  /**
   * @param groupId null: the tenant's default.
   * @throws {NotFoundError} There is no such group and never was a decision about it.
   */
  async get({ tenantId }: UserCaller, groupId: string | null): Promise<RetentionDto> {
    const { manager } = this.dataSource;
    const row = await find(manager, tenantId, groupId);
    if (!row) await requireGroup(manager, tenantId, groupId);
    return this.withEffect(manager, row ?? undecided(tenantId, groupId));
  }

  /** @throws {NotFoundError} As {@link get}. */
  async set(
    caller: UserCaller,
    groupId: string | null,
    { input, ifMatch }: { readonly input: SetRetentionDto; readonly ifMatch?: ReadVersions },
  ): Promise<RetentionDto> {
    const { tenantId } = caller;
    return this.dataSource.transaction(async (manager) => {
      const row = await this.findLocked(manager, tenantId, groupId);
      requireVersion(row, ifMatch);
      const before = { keep: row.keep, days: row.days };
      Object.assign(row, decidedBy(before, input));
      const saved = await manager.save(CallLogRetention, row);
      const target = groupId === null ? { kind: 'tenant', id: tenantId } : { kind: 'group', id: groupId };
      const after = { keep: saved.keep, days: saved.days };
      await this.audit.record(manager, caller, { action: 'call_log_retention.set', target, before, after });
      return this.withEffect(manager, saved);
    });
  }

  private async findLocked(
    manager: EntityManager,
    tenantId: string,
    groupId: string | null,
  ): Promise<CallLogRetention> {
    if (!(await find(manager, tenantId, groupId))) {
      await requireGroup(manager, tenantId, groupId);
      const values = { id: newId(), tenantId, groupId };
      await manager.createQueryBuilder().insert().into(CallLogRetention).values(values).orIgnore().execute();
    }
    return manager.findOneOrFail(CallLogRetention, {
      where: { tenantId, groupId: groupId ?? IsNull() },
      lock: { mode: 'pessimistic_write' },
    });
  }

  private async withEffect(manager: EntityManager, row: CallLogRetention): Promise<RetentionDto> {
    const above =
      row.keep === 'inherit' && row.groupId !== null ? await find(manager, row.tenantId, null) : null;
    const decided = above ?? row;
    const { CALL_LOG_KEEP_DAYS: byDefault } = this.config.env;
    const inherited = byDefault === 0 ? null : byDefault;
    return toRetentionDto(row, decided.keep === 'inherit' ? inherited : decided.days);
  }
}

function find(
  manager: EntityManager,
  tenantId: string,
  groupId: string | null,
): Promise<CallLogRetention | null> {
  return manager.findOneBy(CallLogRetention, { tenantId, groupId: groupId ?? IsNull() });
}

async function requireGroup(manager: EntityManager, tenantId: string, groupId: string | null): Promise<void> {
  if (groupId === null) return;
  const found = await manager.query<object[]>(GROUP_EXISTS, [groupId, tenantId]);
  if (found.length === 0) throw new NotFoundError(`No group ${groupId}`);
}

/** @throws {InvalidInputError} Days without `keep` = days, or the other way round. */
function decidedBy(before: Decision, input: SetRetentionDto): Decision {
  const keep = input.keep ?? before.keep;
  if (keep !== 'days') {
    if (input.days === undefined) return { keep, days: null };
    throw new InvalidInputError('days goes with keep = days only', {
      details: [{ field: 'days', message: 'must be left out unless keep is days' }],
    });
  }
  const days = input.days ?? before.days;
  if (days === null) throw invalidFields([{ field: 'days', message: 'must be given when keep is days' }]);
  return { keep, days };
}

function undecided(tenantId: string, groupId: string | null): CallLogRetention {
  const row = { tenantId, groupId, keep: 'inherit', days: null, version: 1 } as const;
  return Object.assign(new CallLogRetention(), row);
}
