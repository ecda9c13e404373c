import type { Config } from '../../platform/config.js';
import { budgetFault } from '../schemas/argument-budget.js';
import type { BoundTool } from './bound-tool.js';

/** What is wrong with the arguments, for the agent to correct; null when they fit. */
export function argumentsFault(tool: BoundTool, args: unknown, { env }: Config): string | null {
  const tooMuch = budgetFault(args, {
    maxBytes: env.TOOL_ARGUMENTS_MAX_BYTES,
    maxDepth: env.TOOL_ARGUMENTS_MAX_DEPTH,
    maxNodes: env.TOOL_ARGUMENTS_MAX_VALUES,
  });
  const faults = tooMuch === null ? tool.validators.checkArguments(args) : [tooMuch];
  return (
    faults &&
    `Invalid arguments for ${tool.definition.name}: ${faults.join('; ')}. Correct them and call again.`
  );
}
