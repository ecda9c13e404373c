import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import type { Caller } from '../../access/caller.js';
import { ConflictError, InvalidInputError, NotFoundError } from '../../platform/errors.js';
import { type FieldProblem, invalidFields } from '../../platform/rest/validation.js';
import type { InFlight } from '../../platform/replicas/change-bus.js';
import { uniqueViolation } from '../../platform/database/unique-violation.js';
import { GroupChanges } from '../group-changes.js';
import type { BulkAddDto, BulkChangeDto, BulkToolsDto } from './bulk-tools.dto.js';
import { GroupTool } from './group-tool.entity.js';
import { findGroup, ToolWriter } from './tool-writer.js';

type Touch = (groupId: string) => void;

/** Changes many tools of a tenant at once: all of it, or nothing. */
@Injectable()
export class BulkToolsService {
  constructor(
    private readonly changes: GroupChanges,
    private readonly writer: ToolWriter,
  ) {}

  /**
   * @returns The rows as asked: first what was changed, then what was added.
   * @throws {InvalidInputError} Names each wrong field with its place, e.g. `add.3.tool_name`.
   * @throws {NotFoundError} A tool or a group is not there.
   * @throws {ConflictError} A group would have two tools of one name.
   */
  async apply(
    caller: Caller,
    { change = [], add = [] }: BulkToolsDto,
    inFlight: InFlight | undefined,
  ): Promise<GroupTool[]> {
    const work = async (manager: EntityManager, touch: Touch) => {
      const tools: GroupTool[] = [];
      for (const [at, one] of change.entries())
        tools.push(await placed(`change.${at}`, () => this.change(manager, caller, { one, touch })));
      for (const [at, one] of add.entries())
        tools.push(await placed(`add.${at}`, () => this.add(manager, caller, { one, touch })));
      return tools;
    };
    return this.changes.changeAll(caller, work, { inFlight });
  }

  private async change(
    manager: EntityManager,
    caller: Caller,
    { one: { id, ...input }, touch }: { readonly one: BulkChangeDto; readonly touch: Touch },
  ): Promise<GroupTool> {
    const tool = await manager.findOneBy(GroupTool, { id, tenantId: caller.tenantId });
    if (!tool) throw new NotFoundError(`No tool ${id}`);
    const group = await findGroup(manager, caller, input.group_id ?? tool.groupId);
    touch(tool.groupId);
    touch(group.id);
    return this.writer.update(manager, caller, { tool, input, group });
  }

  private async add(
    manager: EntityManager,
    caller: Caller,
    { one: { group_id: groupId, ...input }, touch }: { readonly one: BulkAddDto; readonly touch: Touch },
  ): Promise<GroupTool> {
    const group = await findGroup(manager, caller, groupId);
    touch(group.id);
    return this.writer.insert(manager, caller, { input, group });
  }
}

/** Says of which of many a failure is. */
async function placed<T>(place: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof InvalidInputError) {
      const problems = error.details as readonly FieldProblem[];
      throw invalidFields(problems.map(({ field, message }) => ({ field: `${place}.${field}`, message })));
    }
    if (uniqueViolation(error) === null) throw error;
    throw new ConflictError('A group would have two tools of one name. Nothing was changed', {
      details: [{ field: place, message: 'is in the group already' }],
      cause: error,
    });
  }
}
