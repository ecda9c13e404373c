import { Injectable } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { DataSource, type EntityManager } from 'typeorm';
import { newId } from '../../platform/new-id.js';
import { AuditTrail } from '../../access/audit/audit-trail.js';
import type { Caller, UserCaller } from '../../access/caller.js';
import { ConflictError, NotFoundError } from '../../platform/errors.js';
import { SecretBox } from '../../platform/secrets/secret-box.js';
import { SealedColumn } from '../../platform/secrets/sealed-column.js';
import { type ChangeOptions, GroupChanges } from '../group-changes.js';
import { GroupKey } from './group-key.entity.js';
import type { ToolGroup } from '../group.entity.js';
import { generateKey, shownPrefix } from './key-format.js';

/** A key as it may be shown to an admin: with the key itself. */
export type ShownKey = { readonly key: string; readonly row: GroupKey };

/** Makes and shows the secret part of keys. Every showing is put on record, without the key. */
@Injectable()
export class GroupKeysService {
  constructor(
    @InjectDataSource() private readonly dataSource: DataSource,
    private readonly changes: GroupChanges,
    private readonly box: SecretBox,
    private readonly audit: AuditTrail,
  ) {}

  /**
   * Part of the transaction that makes the group, or changes it.
   *
   * @param rights What the key is called and may do. @default the whole group, for ever, under the name `default`
   */
  async create(
    manager: EntityManager,
    group: Pick<ToolGroup, 'id' | 'tenantId'>,
    rights: Partial<GroupKey> = {},
  ): Promise<ShownKey> {
    const key = generateKey();
    const id = newId();
    const row = manager.create(GroupKey, {
      expiresAt: null,
      ...rights,
      id,
      tenantId: group.tenantId,
      groupId: group.id,
      ciphertext: this.box.seal(key, GROUP_KEY.contextOf(group.tenantId, id)),
      hash: this.box.digest(key),
      prefix: shownPrefix(key),
      status: 'active',
    });
    return { key, row: await manager.save(GroupKey, row) };
  }

  /** The newest active key of a group. @throws {NotFoundError} No such group, or it has no active key. */
  async get(caller: UserCaller, groupId: string): Promise<ShownKey> {
    const row = await this.dataSource.getRepository(GroupKey).findOne({
      where: { groupId, tenantId: caller.tenantId, status: 'active', isDecoy: false },
      order: { createdAt: 'DESC' },
    });
    if (!row) throw new NotFoundError(`Group ${groupId} is not there or has no active key`);
    return this.show(caller, row);
  }

  /** @throws {NotFoundError} Not there, or another tenant's. */
  async reveal(caller: UserCaller, id: string): Promise<ShownKey> {
    const row = await this.dataSource.getRepository(GroupKey).findOneBy({ id, tenantId: caller.tenantId });
    if (!row) throw new NotFoundError(`No key ${id}`);
    return this.show(caller, row);
  }

  /**
   * Revokes all keys that the group has and gives it a new one, in one transaction: there is no moment without or with both.
   * Decoys stay: they open nothing.
   */
  async regenerate(caller: Caller, groupId: string, options: ChangeOptions = {}): Promise<ShownKey> {
    const replace = async (manager: EntityManager, group: ToolGroup) => {
      const good = await manager.findBy(GroupKey, { groupId, isDecoy: false });
      for (const key of good.filter(({ status }) => status !== 'revoked')) {
        await manager.save(GroupKey, Object.assign(key, { status: 'revoked', revokedAt: new Date() }));
      }
      const shown = await this.create(manager, group);
      const target = { kind: 'key', id: shown.row.id, name: shown.row.name };
      const before = { revoked: good.map(({ id }) => id) };
      await this.audit.record(manager, caller, { action: 'key.replace_all', target, before });
      return shown;
    };
    return this.changes.change(caller, groupId, replace, options);
  }

  private async show(caller: Caller, row: GroupKey): Promise<ShownKey> {
    const target = { kind: 'key', id: row.id, name: row.name };
    await this.audit.record(this.dataSource.manager, caller, { action: 'key.reveal', target });
    try {
      return { key: this.box.open(row.ciphertext, GROUP_KEY.contextOf(row.tenantId, row.id)), row };
    } catch (cause) {
      throw new ConflictError('The stored key does not open; make another and revoke this one', { cause });
    }
  }
}

/** The keys themselves, as they are shown again. */
export const GROUP_KEY = new SealedColumn('mcp_group_keys', 'ciphertext');
