import { z } from 'zod';
import { wellFormedJson } from '../platform/well-formed-json.js';
import { clientFaults } from './schemas/client-faults.js';
import { schemaHazards } from './schemas/schema-hazards.js';
import { lintToolSchema } from './schemas/tool-schema.js';
import type { JsonObject, ToolDefinition } from './tool-definition.js';

/** What all LLM APIs take: with a dot, a leading digit or more than 64 characters whole connectors vanish for some clients. */
const TOOL_NAME = /^[A-Za-z][A-Za-z0-9_-]{0,63}$/;
/** APIs refuse the whole request when the schema of one of its tools has these at its root. */
const ROOT_REFUSED = ['anyOf', 'oneOf', 'allOf', 'not', 'enum', 'const', 'if', '$ref'];

const flag = z.boolean().optional();
/** What of a definition clients read beside its schemas; one that is wrong makes official clients refuse the whole list. */
const shape = z.looseObject({
  title: z.string().optional(),
  description: z.string(),
  annotations: z
    .looseObject({
      title: z.string().optional(),
      readOnlyHint: flag,
      destructiveHint: flag,
      idempotentHint: flag,
      openWorldHint: flag,
    })
    .optional(),
});

/**
 * Why a tool cannot be served, whatever its source, one sentence each; empty: it can. One that is served spoils nobody's
 * list of tools. Our own authors also get to know what some clients would not understand.
 */
export function definitionFaults(tool: ToolDefinition): string[] {
  const { name, origin, inputSchema, outputSchema, configSchema } = tool;
  if (typeof name !== 'string' || !TOOL_NAME.test(name))
    return [`'${name}' (${origin}) is not a usable name; use a letter, then up to 63 of A-Z a-z 0-9 _ -`];
  const issues = shape.safeParse(tool).error?.issues ?? [];
  const told = issues.map(({ path, message }) => `${path.join('.')}: ${message}`);
  const { title, description, annotations } = tool;
  if (!isJson({ title, description, annotations })) told.push('its words cannot be written as JSON');
  return [
    ...told.map((fault) => `'${name}' (${origin}): ${fault}`),
    ...faultsOf('input', inputSchema, tool),
    ...(outputSchema === undefined ? [] : faultsOf('output', outputSchema, tool)),
    ...(configSchema === undefined ? [] : faultsOf('config', configSchema, tool)),
  ];
}

function faultsOf(what: 'input' | 'output' | 'config', schema: JsonObject, tool: ToolDefinition): string[] {
  const faults = schemaFaults(what, schema);
  if (faults.length === 0) faults.push(...schemaHazards(schema));
  if (faults.length === 0 && what === 'input') faults.push(...clientFaults(schema));
  if (faults.length === 0 && tool.source === 'native') faults.push(...lintToolSchema(schema));
  return faults.map((fault) => `${what} of '${tool.name}' (${tool.origin}): ${fault}`);
}

function schemaFaults(what: string, schema: unknown): string[] {
  if (typeof schema !== 'object' || schema === null || Array.isArray(schema))
    return [`the schema is ${Array.isArray(schema) ? 'a list' : String(schema)}, not an object`];
  if (!isJson(schema)) return ['the schema cannot be written as JSON'];
  const { type, properties = {}, required = [] } = schema as Record<string, unknown>;
  const faults = type === 'object' ? [] : ["the schema's type must be object"];
  if (typeof properties !== 'object' || properties === null || Array.isArray(properties))
    return [...faults, 'properties must be an object'];
  if (!Array.isArray(required) || !required.every((name) => typeof name === 'string'))
    faults.push('required must be a list of names');
  if (what !== 'input') return faults;
  for (const keyword of ROOT_REFUSED)
    if (keyword in schema)
      faults.push(`the root has ${keyword}, which LLM APIs refuse there; use properties only`);
  return faults;
}

function isJson(schema: object): boolean {
  try {
    return wellFormedJson(schema) === JSON.stringify(schema);
  } catch {
    return false;
  }
}

/**
 * Arguments of a tool that changes things which a model could not leave blank: clients under strict function calling make
 * every argument required, and the model then gives `false`, 0 or the first allowed value for what nobody spoke of.
 */
export function forcedFaults({ inputSchema, annotations }: ToolDefinition): string[] {
  if (annotations?.readOnlyHint === true) return [];
  const required = (inputSchema['required'] ?? []) as readonly string[];
  const properties = (inputSchema['properties'] ?? {}) as Readonly<Record<string, JsonObject>>;
  return Object.entries(properties)
    .filter(([name, schema]) => !required.includes(name) && !canBeBlank(schema))
    .map(
      ([name]) =>
        `'${name}' is optional and cannot be left blank, which clients under strict function calling need; make it a text or a list (or, if the tool changes nothing, say readOnlyHint)`,
    );
}

function canBeBlank({ type, enum: allowed, format }: JsonObject): boolean {
  if (type === 'array' || type === 'object') return true;
  // A blank among the allowed values does not count: it is not in the schema that is emitted, since an API refuses it.
  return type === 'string' && format === undefined && !Array.isArray(allowed);
}
