import type { JsonObject } from '../../tools/tool-definition.js';
import type { ApiDocument } from './document.js';
import { FlatSchemaMaker, type FlatOptions } from './flat-schema.js';
import { isJsonType } from './media-types.js';
import type { ApiOperation } from './operation.js';
import type { Reading } from './raw-schema.js';

const OUTPUT_MAX = 8192; // characters
const DEPTHS = [6, 3, 1];
const OUTPUT: Omit<FlatOptions, 'depthMax'> = { io: 'output', textMax: 200 };

/** What a tool promises of its results. `wraps`: a list, within an object. */
export type Output = { readonly schema: JsonObject; readonly wraps: boolean };

/** What is promised of a good answer; undefined: nothing that could be held against every one of them. */
export function outputOf(document: ApiDocument, { answers, method }: ApiOperation): Output | undefined {
  const [first] = answers;
  const isOne =
    first !== undefined && answers.every((answer) => answer.schema === first.schema || answer === first);
  if (!isOne || method === 'HEAD' || first.mediaType === undefined || !isJsonType(first.mediaType))
    return undefined;
  if (first.schema === undefined || answers.some(({ schema }) => schema === undefined)) return undefined;
  for (const depthMax of DEPTHS) {
    const reading: Reading = { document, parts: 0, notes: new Set() };
    const flat = new FlatSchemaMaker(reading, { ...OUTPUT, depthMax }).flat(first.schema);
    const schema = flat && wrapped(flat.schema);
    if (schema && JSON.stringify(schema.schema).length <= OUTPUT_MAX) return schema;
  }
  return undefined;
}

function wrapped(schema: JsonObject): Output | undefined {
  const type = [schema['type']].flat()[0];
  if (type === 'object') return { schema: { ...schema, type: 'object' }, wraps: false };
  if (type !== 'array') return undefined;
  return {
    schema: { type: 'object', properties: { result: { ...schema, type: 'array' } }, required: ['result'] },
    wraps: true,
  };
}
