import { Injectable } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { DataSource, type EntityManager, In } from 'typeorm';
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
    return this.commit([groupId], async (manager) => {
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
    return this.commit([groupId], create);
  }

  /**
   * For a change over several groups: one transaction, all or nothing. No group of the tenant changes meanwhile otherwise.
   *
   * @param change Says with `touch` which groups it changed, made or deleted; when it touched none, nobody is told.
   */
  async changeAll<T>(
    { tenantId }: Pick<Caller, 'tenantId'>,
    change: (manager: EntityManager, touch: (groupId: string) => void) => Promise<T>,
  ): Promise<T> {
    const touched = new Set<string>();
    return this.commit(touched, async (manager) => {
      // Also when the tenant has no group yet whose row could be locked.
      await manager.query('SELECT pg_advisory_xact_lock(hashtextextended($1, 0))', [`groups of ${tenantId}`]);
      await manager.find(ToolGroup, {
        where: { tenantId },
        order: { id: 'ASC' },
        lock: { mode: 'pessimistic_write' },
        select: { id: true },
      });
      const result = await change(manager, (groupId) => touched.add(groupId));
      if (touched.size > 0) await manager.increment(ToolGroup, { id: In([...touched]) }, 'epoch', 1);
      return result;
    });
  }

  /** @param groupIds Read when `work` is done. */
  private async commit<T>(
    groupIds: Iterable<string>,
    work: (manager: EntityManager) => Promise<T>,
  ): Promise<T> {
    const result = await this.dataSource.transaction(async (manager) => {
      const done = await work(manager);
      for (const id of groupIds) await this.changeBus.publish(manager, { kind: 'group', id });
      return done;
    });
    for (const id of groupIds) await this.catalogs.refresh(id);
    return result;
  }
}
