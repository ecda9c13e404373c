import type { Guarded } from '../breakers/circuit.js';
import type { ToolPolicy } from './policy.js';
import { lazyCheck } from '../schemas/schema-compiler.js';
import type { JsonObject, ToolDefinition } from '../tool-definition.js';

/** A tool as one group has it: the definition with the row's settings, ready to be called. Immutable. */
export type BoundTool = {
  readonly id: string;
  readonly definition: ToolDefinition;
  /** What clients see: the row's description, else the tool's own. */
  readonly description: string;
  readonly timeoutMs: number;
  /** Roles of which a signed-in user needs one; empty: any that the group lets in. */
  readonly allowedRoles: readonly string[];
  /** Tiers of users that it is for; empty: all that the group lets in. */
  readonly userTierAccess: readonly string[];
  readonly config: JsonObject;
  readonly policy: ToolPolicy;
  /** Its circuit breaker's settings. */
  readonly guarded: Guarded;
  readonly validators: ToolValidators;
};

/** Whether running it twice does no more than running it once, as its annotations say. */
export function isRepeatable({ definition: { annotations } }: Pick<BoundTool, 'definition'>): boolean {
  return annotations?.readOnlyHint === true || annotations?.idempotentHint === true;
}

export type ToolValidators = {
  /** @returns What is wrong with the arguments, one phrase per fault; null when they fit. */
  readonly checkArguments: (args: unknown) => string[] | null;
  /** @returns What is wrong with the result, or null. Always null for a tool without an output schema. */
  readonly checkResult: (data: unknown) => string[] | null;
};

const compiled = new WeakMap<ToolDefinition, ToolValidators>();

/** The validators of a definition, made once and shared by all groups that have the tool. */
export function validatorsOf(definition: ToolDefinition): ToolValidators {
  let validators = compiled.get(definition);
  if (!validators) {
    const output = definition.outputSchema;
    validators = {
      checkArguments: lazyCheck(definition.inputSchema),
      checkResult: output ? lazyCheck(output) : () => null,
    };
    compiled.set(definition, validators);
  }
  return validators;
}
