import type { EntityManager } from 'typeorm';
import { readAgents } from './agent-numbers.js';
import { readConsultants } from './consultant-numbers.js';
import { readMcp } from './mcp-numbers.js';
import { readRuns } from './run-numbers.js';
import { compare, type TargetDto } from './targets.js';

/** Compares what the machinery is to reach, and not what people do, over a short time. */
export async function readTechnicalTargets(
  manager: EntityManager,
  tenantId: string,
  span: { readonly from: Date; readonly to: Date },
): Promise<TargetDto[]> {
  const runs = await readRuns(manager, tenantId, span);
  const mcp = await readMcp(manager, tenantId, span);
  const agents = await readAgents(manager, tenantId, span);
  const { notifications } = await readConsultants(manager, tenantId, span);
  return compare({
    'runs.success_rate': runs.success_rate,
    'runs.average_ms': runs.average_ms,
    'mcp.quick_ok_rate': mcp.quick_ok_rate,
    'agents.answer_rate': agents.answer_rate,
    'notifications.delivery_rate': notifications.delivery_rate,
  });
}
