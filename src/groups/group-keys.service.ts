import { Injectable, Logger } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { DataSource, type EntityManager } from 'typeorm';
import { v7 as newId } from 'uuid';
import type { Caller, UserCaller } from '../auth/caller.js';
import { NotFoundError } from '../common/errors.js';
import { SecretBox } from '../common/secret-box.js';
import { type ChangeOptions, GroupChanges } from './group-changes.js';
import { GroupKey } from './group-key.entity.js';
import type { ToolGroup } from './group.entity.js';
import { generateKey, shownPrefix } from './key-format.js';

/** A key as it may be shown to an admin: with the key itself. */
export type ShownKey = { readonly key: string; readonly row: GroupKey };

/** Makes, shows and replaces the keys of groups. Every showing is logged with ids, never with the key. */
@Injectable()
export class GroupKeysService {
  private readonly logger = new Logger(GroupKeysService.name);

  constructor(
    @InjectDataSource() private readonly dataSource: DataSource,
    private readonly changes: GroupChanges,
    private readonly box: SecretBox,
  ) {}

  /** Part of the transaction that makes the group. */
  async create(manager: EntityManager, group: Pick<ToolGroup, 'id' | 'tenantId'>): Promise<ShownKey> {
    const key = generateKey();
    const id = newId();
    const row = manager.create(GroupKey, {
      id,
      tenantId: group.tenantId,
      groupId: group.id,
      ciphertext: this.box.seal(key, `group-key:${id}`),
      hash: this.box.digest(key),
      prefix: shownPrefix(key),
      status: 'active',
      expiresAt: null,
    });
    return { key, row: await manager.save(row) };
  }

  /** @throws {NotFoundError} No such group, or it has no active key. */
  async get(caller: UserCaller, groupId: string): Promise<ShownKey> {
    const row = await this.dataSource.getRepository(GroupKey).findOne({
      where: { groupId, tenantId: caller.tenantId, status: 'active' },
      order: { createdAt: 'DESC' },
    });
    if (!row) throw new NotFoundError(`Group ${groupId} is not there or has no active key`);
    this.logger.warn({ message: 'A group key was shown', groupId, keyId: row.id, userId: caller.userId });
    return { key: this.box.open(row.ciphertext, `group-key:${row.id}`), row };
  }

  /** Revokes what the group has and gives it a new key, in one transaction: there is no moment without or with both. */
  async regenerate(caller: Caller, groupId: string, options: ChangeOptions = {}): Promise<ShownKey> {
    const replace = async (manager: EntityManager, group: ToolGroup) => {
      await manager.update(GroupKey, { groupId, status: 'active' }, { status: 'revoked' });
      return this.create(manager, group);
    };
    const shown = await this.changes.change(caller, groupId, replace, options);
    const by = caller.kind === 'user' ? caller.userId : caller.kind;
    this.logger.warn({ message: 'A group key was replaced', groupId, keyId: shown.row.id, by });
    return shown;
  }
}
