import { jsonBytes } from '../long-results/text-bytes.js';
import type { ContentBlock } from '../tool-result.js';

/** Deeper values are left to `JSON.stringify`, which ends with an error at those that hold themselves. */
const DEPTH_MAX = 1000;

/**
 * Whether a value is longer than so many bytes as JSON. It stops counting there, so that what is far too long is never written
 * out. Rather too little is counted than too much: characters as a byte, numbers as a digit.
 */
export function isLongerThan(value: unknown, maxBytes: number): boolean {
  return typeof value === 'string' ? value.length > maxBytes : left(value, maxBytes, 0) < 0;
}

/** Whether a value holds more than so many values at any depth: each costs far more than its characters. It stops counting there. */
export function holdsMoreThan(value: unknown, maxValues: number): boolean {
  return valuesLeft(value, maxValues, 0) < 0;
}

/** What is left of a number of values; negative: less than nothing. */
function valuesLeft(value: unknown, values: number, depth: number): number {
  const isLeaf = typeof value !== 'object' || value === null || ArrayBuffer.isView(value);
  if (isLeaf || depth > DEPTH_MAX) return values - 1;
  const members: readonly unknown[] = Array.isArray(value) ? value : Object.values(value);
  let rest = values - 1;
  for (let index = 0; index < members.length && rest >= 0; index++)
    rest = valuesLeft(members[index], rest, depth + 1);
  return rest;
}

/** What is left of a number of bytes; negative: less than nothing. */
function left(value: unknown, bytes: number, depth: number): number {
  if (typeof value === 'string') return bytes - value.length - 2;
  if (typeof value !== 'object' || value === null) return bytes - 1;
  if (depth > DEPTH_MAX) return bytes;
  if (ArrayBuffer.isView(value)) return bytes - 2 * value.byteLength; // a Buffer's numbers; not made for being counted
  if ('toJSON' in value && typeof value.toJSON === 'function')
    return left((value as { toJSON(): unknown }).toJSON(), bytes, depth + 1);
  let rest = bytes - 1; // two brackets, and one comma less than members
  if (Array.isArray(value)) {
    for (let index = 0; index < value.length && rest >= 0; index++)
      rest = left(value[index], rest - 1, depth + 1);
    return rest;
  }
  for (const name in value) {
    if (rest < 0) break;
    const member = (value as Record<string, unknown>)[name];
    if (member !== undefined) rest = left(member, rest - name.length - 4, depth + 1);
  }
  return rest;
}

/** In bytes of UTF-8 as they go over the wire, escaped; of a text and nothing else, without its frame; see {@link jsonBytes}. */
export function bytesOfBlock(block: ContentBlock, enough?: number): number {
  const { type, text } = block;
  const isPlain = type === 'text' && typeof text === 'string' && Object.keys(block).length === 2;
  return isPlain ? jsonBytes(text, enough) : Buffer.byteLength(JSON.stringify(block));
}
