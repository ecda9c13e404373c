import { Injectable } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { DataSource, type EntityManager } from 'typeorm';
import { AuditTrail } from '../../access/audit/audit-trail.js';
import type { Caller } from '../../access/caller.js';
import type { Page } from '../../platform/rest/envelope.js';
import { NotFoundError } from '../../platform/errors.js';
import { decodeIdCursor, toPage } from '../../platform/rest/paging.js';
import { containing } from '../../platform/database/search.js';
import { type ChangeOptions, GroupChanges } from '../group-changes.js';
import type { ToolGroup } from '../group.entity.js';
import { GroupTool } from './group-tool.entity.js';
import { explainTaken, findAsRead, findGroup, ToolWriter } from './tool-writer.js';
import type { AddToolDto, GroupToolQueryDto, UpdateToolDto } from './group-tools.dto.js';

/** Which tools a group has, and how they are set there. */
@Injectable()
export class GroupToolsService {
  constructor(
    @InjectDataSource() private readonly dataSource: DataSource,
    private readonly changes: GroupChanges,
    private readonly writer: ToolWriter,
    private readonly audit: AuditTrail,
  ) {}

  /** In the order they were added. Another tenant's `group_id` gives an empty page. */
  async list(caller: Caller, query: GroupToolQueryDto): Promise<Page<GroupTool>> {
    const found = this.dataSource
      .getRepository(GroupTool)
      .createQueryBuilder('t')
      .where('t.tenant_id = :tenantId', { tenantId: caller.tenantId })
      .orderBy('t.id', 'ASC')
      .take(query.limit + 1);
    if (query.group_id) found.andWhere('t.group_id = :groupId', { groupId: query.group_id });
    if (query.cursor) found.andWhere('t.id > :after', { after: decodeIdCursor(query.cursor) });
    if (query.q)
      found.andWhere('(t.tool_name ILIKE :q OR t.description ILIKE :q)', { q: containing(query.q) });
    return toPage(await found.getMany(), query.limit, (tool) => [tool.id]);
  }

  /** @throws {NotFoundError} Not there, or another tenant's. */
  async get(caller: Caller, id: string): Promise<GroupTool> {
    const tool = await this.dataSource.getRepository(GroupTool).findOneBy({ id, tenantId: caller.tenantId });
    if (!tool) throw new NotFoundError(`No tool ${id}`);
    return tool;
  }

  /**
   * Gives a registered tool to a group.
   *
   * @throws {InvalidInputError} No such tool is registered, or its settings do not fit.
   * @throws {ConflictError} The group has it already.
   */
  async add(caller: Caller, groupId: string, input: AddToolDto): Promise<GroupTool> {
    await this.writer.requireSound(caller, input);
    return this.changes
      .change(caller, groupId, (manager, group) => this.writer.insert(manager, caller, { input, group }))
      .catch(explainTaken('tool_name', input.tool_name));
  }

  /**
   * Changes a tool's settings, and moves it when `group_id` is another group's than its own.
   *
   * @throws {NotFoundError} No such tool, or no such group to move it to.
   * @throws {ConflictError} The other group has a tool of that name.
   */
  async update(
    caller: Caller,
    id: string,
    input: UpdateToolDto,
    options: ChangeOptions = {},
  ): Promise<GroupTool> {
    const { groupId, toolName } = await this.get(caller, id);
    const target = input.group_id ?? groupId;
    if (target === groupId) {
      const update = async (manager: EntityManager, group: ToolGroup) =>
        this.writer.update(manager, caller, {
          tool: await findAsRead(manager, id, { groupId, options }),
          input,
          group,
        });
      return this.changes.change(caller, groupId, update, options);
    }
    const move = async (manager: EntityManager, touch: (groupId: string) => void) => {
      const group = await findGroup(manager, caller, target);
      const tool = await findAsRead(manager, id, { groupId, options });
      touch(tool.groupId);
      touch(group.id);
      return this.writer.update(manager, caller, { tool, input, group });
    };
    return this.changes.changeAll(caller, move, options).catch(explainTaken('group_id', toolName));
  }

  async remove(caller: Caller, id: string, options: ChangeOptions = {}): Promise<void> {
    const { groupId } = await this.get(caller, id);
    const remove = async (manager: EntityManager) => {
      const { toolName } = await findAsRead(manager, id, { groupId, options });
      await manager.delete(GroupTool, { id });
      const target = { kind: 'tool', id, name: toolName };
      await this.audit.record(manager, caller, {
        action: 'tool.remove',
        target,
        before: { groupId, toolName },
      });
    };
    await this.changes.change(caller, groupId, remove, options);
  }
}
