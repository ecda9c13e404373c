import { CircuitStateRow } from './breakers/circuit-state.entity.js';
import { CallQuotaUse } from './limits/call-quota-use.entity.js';
import { CallResult, CallResultChunk } from './long-results/call-result.entity.js';
import { ToolEffect } from './once/tool-effect.entity.js';

/** Lists the tables that this room owns. */
export const toolsEntities = [
  CircuitStateRow,
  CallQuotaUse,
  CallResult,
  CallResultChunk,
  ToolEffect,
] as const;
