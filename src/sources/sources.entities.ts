import { SourceTool } from './source-tool.entity.js';

/** Lists the tables that this room owns. */
export const sourcesEntities = [SourceTool] as const;
