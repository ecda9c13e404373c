import { Ajv2020, type ErrorObject, type ValidateFunction } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import type { Guarded } from '../breakers/circuit-breakers.js';
import type { ToolPolicy } from './policy.js';
import type { JsonObject, ToolDefinition } from './tool-definition.js';

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

export type ToolValidators = {
  /** @returns What is wrong with the arguments, one phrase per fault; null when they fit. */
  readonly checkArguments: (args: unknown) => string[] | null;
  /** @returns What is wrong with the result, or null. Always null for a tool without an output schema. */
  readonly checkResult: (data: unknown) => string[] | null;
};

const MAX_FAULTS_TOLD = 10;
const compiled = new WeakMap<ToolDefinition, ToolValidators>();

/**
 * The compiled validators of a definition, made once. Each schema has an Ajv of its own: one Ajv shared by several would
 * answer for two schemas of the same `$id` with whichever came first.
 */
export function validatorsOf(definition: ToolDefinition): ToolValidators {
  let validators = compiled.get(definition);
  if (!validators) {
    const output = definition.outputSchema;
    validators = {
      checkArguments: checker(definition.inputSchema),
      checkResult: output ? checker(output) : () => null,
    };
    compiled.set(definition, validators);
  }
  return validators;
}

/** Compiled on first use: a group of many tools is loaded at once, most of its tools are called later or never. */
function checker(schema: JsonObject): (data: unknown) => string[] | null {
  let validate: ValidateFunction | undefined;
  return (data) => {
    validate ??= compile(schema);
    return validate(data) ? null : (validate.errors ?? []).slice(0, MAX_FAULTS_TOLD).map(toPhrase);
  };
}

function compile(schema: JsonObject): ValidateFunction {
  // Stops at the first fault of each branch: with `allErrors` a hostile argument could make millions of error objects.
  const ajv = new Ajv2020({ strict: false, allErrors: false, validateSchema: false, logger: false });
  addFormats.default(ajv);
  const { $schema: _dialect, ...plain } = schema;
  return ajv.compile(plain);
}

function toPhrase(error: ErrorObject): string {
  const path = error.instancePath.slice(1).replaceAll('/', '.');
  const params = error.params as Record<string, unknown>;
  if (error.keyword === 'required') {
    return `'${join(path, params['missingProperty'])}' is required`;
  }
  if (error.keyword === 'additionalProperties') {
    return `'${join(path, params['additionalProperty'])}' is not a known argument`;
  }
  const place = path === '' ? 'the arguments' : `'${path}'`;
  if (error.keyword === 'enum')
    return `${place} must be one of ${(params['allowedValues'] as unknown[]).join(', ')}`;
  return `${place} ${error.message ?? 'is not valid'}`;
}

function join(path: string, property: unknown): string {
  return path === '' ? String(property) : `${path}.${String(property)}`;
}
