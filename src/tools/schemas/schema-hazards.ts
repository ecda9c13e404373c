import { messageOf } from '../../platform/errors.js';
import { compileLinear } from '../../platform/linear-pattern.js';
import { compileSchema } from './schema-compiler.js';
import type { JsonObject } from '../tool-definition.js';
import { cutText } from '../../platform/cut-text.js';

const DEPTH_MAX = 64;
const NODES_MAX = 20_000;
const PATTERN_MAX = 10_000; // instructions of RE2
/** Below these a `pattern` or `$ref` is a value or a name, not a keyword. */
const DATA = new Set(['const', 'enum', 'default', 'examples', 'example']);
/** Their members are names of things, each with a schema of its own. */
const MAPS = new Set(['properties', 'patternProperties', '$defs', 'definitions', 'dependentSchemas']);

/**
 * Why a schema that came from elsewhere (an upstream server, an OpenAPI document, a plugin) must not be served, one sentence
 * each; empty: nothing. Asked when the tool is saved, so that no call ever meets it: it may not reach out to the network,
 * hold a pattern that could run for ever, or be too large to compile.
 */
export function schemaHazards(schema: JsonObject): string[] {
  const problems: string[] = [];
  let nodes = 0;
  const visit = (node: unknown, depth: number, isMap: boolean): void => {
    if (typeof node !== 'object' || node === null || problems.length > 0) return;
    if (++nodes > NODES_MAX) problems.push(`the schema has more than ${NODES_MAX} parts`);
    if (depth > DEPTH_MAX) problems.push(`the schema nests deeper than ${DEPTH_MAX} levels`);
    for (const [name, value] of Object.entries(node)) {
      const isKeyword = !isMap && !Array.isArray(node);
      if (isKeyword && DATA.has(name)) continue;
      if (isKeyword) problems.push(...keywordHazards(name, value));
      visit(value, depth + 1, isKeyword && MAPS.has(name));
    }
  };
  visit(schema, 0, false);
  return problems.length > 0 ? problems : compileHazards(schema);
}

function keywordHazards(name: string, value: unknown): string[] {
  if (['$ref', '$dynamicRef'].includes(name) && typeof value === 'string' && !value.startsWith('#'))
    return [`the schema refers to ${cutText(value, 200)}; only references within it (#…) are allowed`];
  if (name === 'pattern' && typeof value === 'string') return patternHazards(value);
  if (name === 'patternProperties' && typeof value === 'object' && value !== null)
    return Object.keys(value).flatMap((pattern) => patternHazards(pattern));
  return [];
}

function patternHazards(pattern: string): string[] {
  const { size } = compileLinear(pattern) ?? {};
  if (size !== undefined)
    return size <= PATTERN_MAX ? [] : [`the pattern ${cutText(pattern, 200)} is too large`];
  return [
    `the pattern ${cutText(pattern, 200)} cannot be matched in linear time: it may hold no look-around and no back reference`,
  ];
}

function compileHazards(schema: JsonObject): string[] {
  try {
    compileSchema(schema)({});
    return [];
  } catch (error) {
    if (error instanceof RangeError)
      return ['the schema refers to itself without end, or has too many parts in one place'];
    return [`the schema cannot be used: ${messageOf(error)}`];
  }
}
