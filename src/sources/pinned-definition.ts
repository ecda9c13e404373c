import { createHash } from 'node:crypto';
import { canonicalJson } from '../platform/canonical-json.js';
import { cutText } from '../platform/cut-text.js';
import { toStorableJson } from '../platform/secrets/redact.js';
import type { JsonObject } from '../tools/tool-definition.js';
import type { SourceDefinition } from './source-tool.entity.js';

/** Longer than any that a model could read; what is kept of it is looked at in whole more than once. */
const DEFINITION_BYTES_MAX = 262_144;
/** Deeper JSON is no schema anybody wrote, and costs a stack. */
const DEPTH_MAX = 100;
const DESCRIPTION_MAX = 1000; // characters, of what is kept of one that cannot be kept

/** A definition as it is stored. `fault`: it could not be kept as it came, and why. */
export type Pinned = {
  readonly definition: SourceDefinition;
  readonly digest: string;
  readonly fault: string | null;
};

/** Takes what a source says of a tool as data: only MCP's fields, bounded, with a digest that tells every later change. */
export function pin(found: SourceDefinition): Pinned {
  const fault = unkeepable(found);
  if (fault !== null) {
    const description =
      typeof found.description === 'string' ? cutText(found.description, DESCRIPTION_MAX) : '';
    const stub = { description: description.replaceAll('\0', ''), inputSchema: { type: 'object' } };
    return { definition: stub, digest: digestOf({ ...stub, fault }), fault };
  }
  const { title, description, inputSchema, outputSchema, annotations, _meta } = found;
  const fields = { title, description, inputSchema, outputSchema, annotations, _meta };
  const definition = JSON.parse(JSON.stringify(fields)) as SourceDefinition;
  return { definition, digest: digestOf(definition), fault: null };
}

function unkeepable(found: SourceDefinition): string | null {
  if (isDeep(found, DEPTH_MAX)) return `the definition nests deeper than ${DEPTH_MAX} levels`;
  let text: string;
  try {
    text = JSON.stringify(found);
  } catch {
    return 'the definition cannot be written as JSON';
  }
  if (text.length > DEFINITION_BYTES_MAX)
    return `the definition is longer than ${DEFINITION_BYTES_MAX} characters`;
  return toStorableJson(text) === text ? null : 'the definition holds characters that cannot be stored';
}

function isDeep(value: unknown, left: number): boolean {
  if (typeof value !== 'object' || value === null) return false;
  return left === 0 || Object.values(value as JsonObject).some((inner) => isDeep(inner, left - 1));
}

function digestOf(value: unknown): string {
  return createHash('sha256').update(canonicalJson(value)).digest('hex');
}
