import type { Config } from '../../platform/config.js';
import { budgetFault } from '../schemas/argument-budget.js';
import { givenArguments } from '../schemas/given-arguments.js';
import type { JsonObject } from '../tool-definition.js';
import type { BoundTool } from './bound-tool.js';

/** The arguments that were really given, or what is wrong with them, for the agent to correct. */
export type CheckedArguments =
  { readonly args: JsonObject; readonly fault: null } | { readonly args: null; readonly fault: string };

/** Checks what a client sent as arguments: how much it is, then, without what is null and need not be there, whether it fits. */
export function checkArguments(tool: BoundTool, sent: unknown, { env }: Config): CheckedArguments {
  const tooMuch = budgetFault(sent, {
    maxBytes: env.TOOL_ARGUMENTS_MAX_BYTES,
    maxDepth: env.TOOL_ARGUMENTS_MAX_DEPTH,
    maxNodes: env.TOOL_ARGUMENTS_MAX_VALUES,
  });
  if (tooMuch !== null) return { args: null, fault: faultText(tool, [tooMuch]) };
  const args = givenArguments(sent, tool.definition.inputSchema);
  const faults = tool.validators.checkArguments(args);
  return faults === null
    ? { args: args as JsonObject, fault: null }
    : { args: null, fault: faultText(tool, faults) };
}

function faultText({ definition }: BoundTool, faults: readonly string[]): string {
  return `Invalid arguments for ${definition.name}: ${faults.join('; ')}. Correct them and call again.`;
}
