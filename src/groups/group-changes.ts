import { Injectable, type OnModuleInit } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { lock } from '../platform/database/advisory-locks.js';
import type { Caller } from '../access/caller.js';
import { ChangeBus } from '../platform/replicas/change-bus.js';
import { type InFlight } from '../platform/replicas/change-bus.js';
import { NotFoundError } from '../platform/errors.js';
import { currentScope } from '../platform/request-scope.js';
import { type ChangedTools, SourceToolListeners } from '../sources/source-tool-listeners.js';
import { ToolGroup } from './group.entity.js';
import type { ReadVersions } from '../platform/rest/preconditions.js';

/** `inFlight`: what is to become of calls that run while the change takes their key or tool away. */
export type ChangeOptions = {
  readonly inFlight?: InFlight;
  /** The version that the caller read of what is changed: see `platform/rest/preconditions.ts`. */
  readonly ifMatch?: ReadVersions;
};

type Done<T> = { readonly result: T; readonly epoch: number | null; readonly groupIds: readonly string[] };

/**
 * The one way to change a group, its keys or its tools: one transaction that saves, raises the group's epoch and tells
 * every replica. It returns when all live replicas have the change in force, or after `CHANGE_WAIT_MS`; how that went is
 * noted in the request scope and told in the answer.
 */
@Injectable()
export class GroupChanges implements OnModuleInit {
  constructor(
    private readonly changeBus: ChangeBus,
    private readonly sourceTools: SourceToolListeners,
  ) {}

  onModuleInit(): void {
    this.sourceTools.onChanged((manager, changed) => this.takeOver(manager, changed));
  }

  /**
   * @param change Gets the group's row, locked until the commit, so that changes to one group follow each other.
   * @throws {NotFoundError} No such group in the caller's tenant.
   */
  async change<T>(
    caller: Caller,
    groupId: string,
    change: (manager: EntityManager, group: ToolGroup) => Promise<T>,
    options: ChangeOptions = {},
  ): Promise<T> {
    return this.commit(options, async (manager) => {
      const group = await manager.findOne(ToolGroup, {
        where: { id: groupId, tenantId: caller.tenantId },
        lock: { mode: 'pessimistic_write' },
      });
      if (!group) throw new NotFoundError(`No group ${groupId}`);
      const epoch = Number(group.epoch) + 1;
      const result = await change(manager, group);
      // Not by the entity: that would raise the group's version, which If-Match compares with, for a change of its tools.
      await manager.query('UPDATE mcp_tool_groups SET epoch = epoch + 1 WHERE id = $1', [groupId]);
      return { result, epoch, groupIds: [groupId] };
    });
  }

  /** For a group that is not there yet. */
  async create<T>(groupId: string, create: (manager: EntityManager) => Promise<T>): Promise<T> {
    return this.commit({}, async (manager) => ({
      result: await create(manager),
      epoch: 1,
      groupIds: [groupId],
    }));
  }

  /**
   * For a change over several groups: one transaction, all or nothing. No group of the tenant changes meanwhile otherwise.
   *
   * @param change Says with `touch` which groups it changed, made or deleted; when it touched none, nobody is told.
   */
  async changeAll<T>(
    { tenantId }: Pick<Caller, 'tenantId'>,
    change: (manager: EntityManager, touch: (groupId: string) => void) => Promise<T>,
    options: Pick<ChangeOptions, 'inFlight'> = {},
  ): Promise<T> {
    return this.commit(options, async (manager) => {
      // Also when the tenant has no group yet whose row could be locked.
      await lock(manager, 'groups', tenantId);
      await manager.query('SELECT FROM mcp_tool_groups WHERE tenant_id = $1 ORDER BY id FOR UPDATE', [
        tenantId,
      ]);
      const touched = new Set<string>();
      const result = await change(manager, (groupId) => touched.add(groupId));
      const groupIds = [...touched];
      await manager.query('UPDATE mcp_tool_groups SET epoch = epoch + 1 WHERE id = ANY($1)', [groupIds]);
      return { result, epoch: null, groupIds };
    });
  }

  /** Tools of sources changed, in a transaction of theirs: the groups that have them follow with it. */
  private async takeOver(manager: EntityManager, { tenantId, toolIds }: ChangedTools): Promise<void> {
    const [groups] = await manager.query<[{ id: string }[], number]>(
      `UPDATE mcp_tool_groups SET epoch = epoch + 1 WHERE id IN (SELECT id FROM mcp_tool_groups WHERE tenant_id = $1
         AND id IN (SELECT group_id FROM mcp_tools WHERE tenant_id = $1 AND source_tool_id = ANY($2)) ORDER BY id FOR UPDATE)
       RETURNING id`,
      [tenantId, toolIds],
    );
    for (const { id } of groups) await this.changeBus.publish(manager, { kind: 'group', id });
  }

  private async commit<T>(
    { inFlight }: ChangeOptions,
    work: (manager: EntityManager) => Promise<Done<T>>,
  ): Promise<T> {
    const { result: done } = await this.changeBus.commit(async (manager) => {
      const changed = await work(manager);
      for (const id of changed.groupIds)
        await this.changeBus.publish(manager, { kind: 'group', id, inFlight });
      return changed;
    });
    const scope = currentScope();
    if (scope?.effect) scope.effect = { ...scope.effect, epoch: done.epoch };
    return done.result;
  }
}
