import { Injectable } from '@nestjs/common';
import { type EntityManager, In } from 'typeorm';
import { GroupKey } from '../groups/keys/group-key.entity.js';
import { ToolGroup } from '../groups/group.entity.js';
import { GroupTool } from '../groups/group-tools/group-tool.entity.js';
import { keyFault } from '../groups/keys/key-state.js';
import type { AutomationSettingValues } from './automation-settings.js';

type Needs = Pick<AutomationSettingValues, 'requiredTools' | 'groupId'>;

/**
 * Whether the agent can call the tools it needs: a group of the tenant that is enabled, has all of them enabled, and has a key that
 * opens it. It is the group that the settings name, or any when they name none: which key an agent holds is known to Dify alone.
 */
@Injectable()
export class ToolAvailability {
  /** In three queries, however many groups there are. @returns What is in the way, for administrators; null: nothing. */
  async problem(manager: EntityManager, tenantId: string, needs: Needs): Promise<string | null> {
    const { requiredTools, groupId } = needs;
    if (requiredTools.length === 0) return null;
    const where = groupId === null ? { tenantId } : { tenantId, id: groupId };
    const groups = await manager.find(ToolGroup, { where, order: { id: 'ASC' } });
    if (groups.length === 0)
      return groupId === null ? 'There is no tool group' : 'The tool group of the settings is not there';
    const enabledIds = groups.filter(({ enabled }) => enabled).map(({ id }) => id);
    const ofGroups = { tenantId, groupId: In(enabledIds) };
    const toolsWhere = { ...ofGroups, enabled: true, toolName: In([...requiredTools]) };
    const tools = Map.groupBy(await manager.findBy(GroupTool, toolsWhere), groupOf);
    const keys = Map.groupBy(await manager.findBy(GroupKey, ofGroups), groupOf);
    const problems = groups.map((group) =>
      problemOf(group, { requiredTools, tools: tools.get(group.id) ?? [], keys: keys.get(group.id) ?? [] }),
    );
    if (problems.includes(null)) return null;
    return problems.length === 1
      ? problems[0]
      : `None of ${problems.length} tool groups has ${requiredTools.join(', ')} enabled and a key in force`;
  }
}

function problemOf(
  { name, enabled }: ToolGroup,
  {
    requiredTools,
    tools,
    keys,
  }: {
    readonly requiredTools: readonly string[];
    readonly tools: readonly GroupTool[];
    readonly keys: readonly GroupKey[];
  },
): string | null {
  if (!enabled) return `The tool group '${name}' is disabled`;
  const missing = requiredTools.filter((tool) => !tools.some(({ toolName }) => toolName === tool));
  if (missing.length > 0) return `The tool group '${name}' has no enabled ${missing.join(', ')}`;
  return keys.some((key) => keyFault(key) === null) ? null : `The tool group '${name}' has no key in force`;
}

function groupOf({ groupId }: { readonly groupId: string }): string {
  return groupId;
}
