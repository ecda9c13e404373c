import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { GroupKey } from '../groups/group-key.entity.js';
import { ToolGroup } from '../groups/group.entity.js';
import { GroupTool } from '../groups/group-tool.entity.js';
import { keyFault } from '../groups/key-state.js';
import type { AutomationSettingValues } from './automation-settings.js';

type Needs = Pick<AutomationSettingValues, 'requiredTools' | 'groupId'>;

/**
 * Whether the agent can call the tools it needs: a group of the tenant that is enabled, has all of them enabled, and has a key that
 * opens it. It is the group that the settings name, or any when they name none: which key an agent holds is known to Dify alone.
 */
@Injectable()
export class ToolAvailability {
  /** @returns What is in the way, for administrators; null: nothing. */
  async problem(manager: EntityManager, tenantId: string, needs: Needs): Promise<string | null> {
    const { requiredTools, groupId } = needs;
    if (requiredTools.length === 0) return null;
    const where = groupId === null ? { tenantId } : { tenantId, id: groupId };
    const groups = await manager.find(ToolGroup, { where, order: { id: 'ASC' } });
    if (groups.length === 0)
      return groupId === null ? 'There is no tool group' : 'The tool group of the settings is not there';
    const problems: string[] = [];
    for (const group of groups) {
      const problem = await this.problemOf(manager, group, requiredTools);
      if (problem === null) return null;
      problems.push(problem);
    }
    return problems.length === 1
      ? problems[0]
      : `None of ${problems.length} tool groups has ${requiredTools.join(', ')} enabled and a key in force`;
  }

  private async problemOf(
    manager: EntityManager,
    { id: groupId, tenantId, name, enabled }: ToolGroup,
    requiredTools: readonly string[],
  ): Promise<string | null> {
    if (!enabled) return `The tool group '${name}' is disabled`;
    const tools = await manager.findBy(GroupTool, { tenantId, groupId, enabled: true });
    const missing = requiredTools.filter((tool) => !tools.some(({ toolName }) => toolName === tool));
    if (missing.length > 0) return `The tool group '${name}' has no enabled ${missing.join(', ')}`;
    const keys = await manager.findBy(GroupKey, { tenantId, groupId });
    return keys.some((key) => keyFault(key) === null) ? null : `The tool group '${name}' has no key in force`;
  }
}
