import { GroupTool } from './group-tools/group-tool.entity.js';
import { ToolGroup } from './group.entity.js';
import { GroupKey } from './keys/group-key.entity.js';

/** Lists the tables that this room owns. */
export const groupsEntities = [GroupTool, ToolGroup, GroupKey] as const;
