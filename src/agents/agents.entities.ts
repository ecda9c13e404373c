import { AgentOrder, AgentOrderStep } from './agent-order.entity.js';
import { AgentVersion } from './agent-version.entity.js';
import { Agent } from './agent.entity.js';

/** Lists the tables that this room owns. */
export const agentsEntities = [AgentOrder, AgentOrderStep, AgentVersion, Agent] as const;
