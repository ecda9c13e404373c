import { SourceTool } from './source-tool.entity.js';
import { Upstream } from './upstreams/upstream.entity.js';

/** Lists the tables that this room owns. */
export const sourcesEntities = [SourceTool, Upstream] as const;
