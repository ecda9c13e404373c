import { Injectable } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { DataSource, type EntityManager } from 'typeorm';
import type { Caller } from '../auth/caller.js';
import { ChangeBus } from '../common/change-bus.js';
import { NotFoundError } from '../common/errors.js';
import { CatalogStore } from './catalog-store.js';
import { ToolGroup } from './group.entity.js';

/**
 * The one way to change a group, its keys or its tools: one transaction that saves, raises the group's epoch and tells
 * every replica; then this replica takes the change over before the admin gets the answer.
 */
@Injectable()
export class GroupChanges {
  constructor(
    @InjectDataSource() private readonly dataSource: DataSource,
    private readonly changeBus: ChangeBus,
    private readonly catalogs: CatalogStore,
  ) {}

  /**
   * @param change Gets the group's row, locked until the commit, so that changes to one group follow each other.
   * @throws {NotFoundError} No such group in the caller's tenant.
   */
  async change<T>(
    caller: Caller,
    groupId: string,
    change: (manager: EntityManager, group: ToolGroup) => Promise<T>,
  ): Promise<T> {
    return this.commit(groupId, async (manager) => {
      const group = await manager.findOne(ToolGroup, {
        where: { id: groupId, tenantId: caller.tenantId },
        lock: { mode: 'pessimistic_write' },
      });
      if (!group) throw new NotFoundError(`No group ${groupId}`);
      const result = await change(manager, group);
      await manager.increment(ToolGroup, { id: groupId }, 'epoch', 1);
      return result;
    });
  }

  /** For a group that is not there yet. */
  async create<T>(groupId: string, create: (manager: EntityManager) => Promise<T>): Promise<T> {
    return this.commit(groupId, create);
  }

  private async commit<T>(groupId: string, work: (manager: EntityManager) => Promise<T>): Promise<T> {
    const result = await this.dataSource.transaction(async (manager) => {
      const done = await work(manager);
      await this.changeBus.publish(manager, { kind: 'group', id: groupId });
      return done;
    });
    await this.catalogs.refresh(groupId);
    return result;
  }
}
