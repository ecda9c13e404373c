import { Injectable } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { DataSource, type EntityManager } from 'typeorm';
import { agreedNowMs } from '../../platform/agreed-time.js';
import { AuditTrail } from '../../access/audit/audit-trail.js';
import { differenceOf } from '../../access/audit/difference.js';
import { type Caller, personOf } from '../../access/caller.js';
import type { Page } from '../../platform/rest/envelope.js';
import { given } from '../../platform/rest/given.js';
import { ConflictError, NotFoundError } from '../../platform/errors.js';
import { decodeIdCursor, toPage } from '../../platform/rest/paging.js';
import { requireVersion } from '../../platform/rest/preconditions.js';
import { uniqueViolation } from '../../platform/database/unique-violation.js';
import { invalidFields } from '../../platform/rest/validation.js';
import { type ChangeOptions, GroupChanges } from '../group-changes.js';
import { GroupKey } from './group-key.entity.js';
import { GroupKeysService, type ShownKey } from './group-keys.service.js';
import { keyFault } from './key-state.js';
import { GroupTool } from '../group-tools/group-tool.entity.js';
import { ToolGroup } from '../group.entity.js';
import type { CreateKeyDto, KeyQueryDto, UpdateKeyDto } from './keys.dto.js';

const USERS_MAX = 100;
const USED_BY = `SELECT caller_app_id, count(*)::int AS calls, max(created_at) AS last_call_at
  FROM mcp_call_logs
  WHERE tenant_id = $1 AND group_id = $2 AND key_id = $3 AND created_at > $4
  GROUP BY caller_app_id ORDER BY max(created_at) DESC LIMIT ${USERS_MAX}`;
const USAGE_DAYS = 30;
const DAY_MS = 86_400_000;

export type KeyUser = {
  readonly caller_app_id: string | null;
  readonly calls: number;
  readonly last_call_at: Date;
};

/** The life of the keys of a group: made, described, rotated, revoked. The key itself is GroupKeysService's to show. */
@Injectable()
export class KeysService {
  constructor(
    @InjectDataSource() private readonly dataSource: DataSource,
    private readonly changes: GroupChanges,
    private readonly keys: GroupKeysService,
    private readonly audit: AuditTrail,
  ) {}

  /** Oldest first. @throws {NotFoundError} No such group. */
  async list(caller: Caller, groupId: string, query: KeyQueryDto): Promise<Page<GroupKey>> {
    const isThere = await this.dataSource.manager.existsBy(ToolGroup, {
      id: groupId,
      tenantId: caller.tenantId,
    });
    if (!isThere) throw new NotFoundError(`No group ${groupId}`);
    const found = this.dataSource
      .getRepository(GroupKey)
      .createQueryBuilder('k')
      .where('k.group_id = :groupId AND k.tenant_id = :tenantId', { groupId, tenantId: caller.tenantId })
      .orderBy('k.id', 'ASC')
      .take(query.limit + 1);
    if (!query.all)
      found.andWhere(`k.status <> 'revoked' AND (k.expires_at IS NULL OR k.expires_at > now())`);
    if (query.cursor) found.andWhere('k.id > :after', { after: decodeIdCursor(query.cursor) });
    return toPage(await found.getMany(), query.limit, (key) => [key.id]);
  }

  /** @throws {NotFoundError} Not there, or another tenant's. */
  async get(caller: Caller, id: string): Promise<GroupKey> {
    const key = await this.dataSource.getRepository(GroupKey).findOneBy({ id, tenantId: caller.tenantId });
    if (!key) throw new NotFoundError(`No key ${id}`);
    return key;
  }

  /** @throws {ConflictError} Another active key of the group has the name. */
  async create(caller: Caller, groupId: string, input: CreateKeyDto): Promise<ShownKey> {
    const create = async (manager: EntityManager, group: ToolGroup) => {
      await requireTools(manager, groupId, input.tools);
      const columns = columnsOf(input);
      const isDecoy = input.decoy ?? false;
      const shown = await this.keys.create(manager, group, {
        ...columns,
        isDecoy,
        createdBy: personOf(caller),
      });
      await this.record(manager, caller, 'key.create', shown.row, { after: { ...columns, isDecoy } });
      return shown;
    };
    return this.changes.change(caller, groupId, create).catch(explainTaken);
  }

  /** @throws {ConflictError} The key is revoked, or the name is taken. */
  async update(caller: Caller, id: string, input: UpdateKeyDto, options: ChangeOptions): Promise<GroupKey> {
    const update = async (manager: EntityManager, key: GroupKey) => {
      requireVersion(key, options.ifMatch);
      requireAlive(key);
      await requireTools(manager, key.groupId, input.tools);
      const columns = columnsOf(input);
      const { before, after } = differenceOf(key, columns);
      const saved = await manager.save(GroupKey, Object.assign(key, columns));
      await this.record(manager, caller, 'key.update', saved, { before, after });
      return saved;
    };
    return this.change(caller, id, update, options).catch(explainTaken);
  }

  /**
   * Gives a new key with the same name and rights. The old one goes on until the end of the overlap and then ends by itself.
   *
   * @throws {ConflictError} The key is not active: it was replaced before, or revoked.
   */
  async rotate(
    caller: Caller,
    id: string,
    overlapSeconds: number,
    options: ChangeOptions,
  ): Promise<ShownKey> {
    const rotate = async (manager: EntityManager, key: GroupKey) => {
      requireVersion(key, options.ifMatch);
      if (key.status !== 'active' || keyFault(key) !== null)
        throw new ConflictError('Only a key that works can be replaced; make a new one');
      const { name, owner, appId, allowedNetworks, toolNames, limits, expiresAt } = key;
      const endsAt = new Date(agreedNowMs() + overlapSeconds * 1000);
      const isOver = overlapSeconds === 0;
      Object.assign(
        key,
        isOver
          ? { status: 'revoked', revokedAt: endsAt }
          : {
              status: 'retiring',
              expiresAt: expiresAt && expiresAt < endsAt ? expiresAt : endsAt,
            },
      );
      await manager.save(GroupKey, key);
      const createdBy = personOf(caller);
      const rights = { name, owner, appId, allowedNetworks, toolNames, limits, expiresAt, createdBy };
      const shown = await this.keys.create(manager, { id: key.groupId, tenantId: key.tenantId }, rights);
      const after = { newKeyId: shown.row.id, oldKeyEndsAt: endsAt };
      await this.record(manager, caller, 'key.rotate', key, { after });
      return shown;
    };
    return this.change(caller, id, rotate, options);
  }

  /** It stops working at once, everywhere. A key that is revoked already stays so. */
  async revoke(caller: Caller, id: string, options: ChangeOptions): Promise<GroupKey> {
    const revoke = async (manager: EntityManager, key: GroupKey) => {
      requireVersion(key, options.ifMatch);
      if (key.status === 'revoked') return key;
      const before = { status: key.status };
      const saved = await manager.save(
        GroupKey,
        Object.assign(key, { status: 'revoked', revokedAt: new Date() }),
      );
      await this.record(manager, caller, 'key.revoke', saved, { before, after: { status: 'revoked' } });
      return saved;
    };
    return this.change(caller, id, revoke, options);
  }

  /** Who has called with it within the last 30 days, latest first: see who has not changed over yet. */
  async listUsers(caller: Caller, id: string): Promise<readonly KeyUser[]> {
    const { groupId } = await this.get(caller, id);
    const since = new Date(Date.now() - USAGE_DAYS * DAY_MS); // a value: the plan looks at the partitions of these days only
    return this.dataSource.query<KeyUser[]>(USED_BY, [caller.tenantId, groupId, id, since]);
  }

  private async change<T>(
    caller: Caller,
    id: string,
    work: (manager: EntityManager, key: GroupKey) => Promise<T>,
    options: ChangeOptions,
  ): Promise<T> {
    const { groupId } = await this.get(caller, id);
    const change = async (manager: EntityManager) => {
      // Read again now that its group is locked.
      const key = await manager.findOneBy(GroupKey, { id, tenantId: caller.tenantId });
      if (!key) throw new NotFoundError(`No key ${id}`);
      return work(manager, key);
    };
    return this.changes.change(caller, groupId, change, options);
  }

  private record(
    manager: EntityManager,
    caller: Caller,
    action: string,
    key: GroupKey,
    values: { readonly before?: object; readonly after?: object },
  ): Promise<void> {
    const target = { kind: 'key', id: key.id, name: key.name };
    return this.audit.record(manager, caller, { action, target, ...values });
  }
}

function requireAlive(key: GroupKey): void {
  if (key.status === 'revoked')
    throw new ConflictError('The key is revoked; it cannot be changed any more. Make a new one');
}

async function requireTools(
  manager: EntityManager,
  groupId: string,
  names: readonly string[] | null | undefined,
): Promise<void> {
  if (!names) return;
  const present = (await manager.findBy(GroupTool, { groupId })).map(({ toolName }) => toolName);
  const unknown = names.filter((name) => !present.includes(name));
  if (unknown.length === 0) return;
  throw invalidFields([{ field: 'tools', message: `the group has no ${unknown.slice(0, 5).join(', ')}` }]);
}

function explainTaken(error: unknown): never {
  if (uniqueViolation(error) !== 'uq_group_keys_group_name') throw error;
  throw new ConflictError('Another active key of the group has this name', {
    details: [{ field: 'name', message: 'is taken' }],
    cause: error,
  });
}

/** Absent fields are left out, so that an update keeps and an insert defaults them; null is a value. */
function columnsOf(input: UpdateKeyDto): Partial<GroupKey> {
  const columns = {
    name: input.name,
    owner: input.owner,
    appId: input.app_id,
    expiresAt: typeof input.expires_at === 'string' ? new Date(input.expires_at) : input.expires_at,
    allowedNetworks: input.allowed_networks,
    toolNames: input.tools,
    limits: input.limits,
  };
  return given(columns);
}
