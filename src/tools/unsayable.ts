import { types } from 'node:util';
import { shortenText } from '../platform/cut-text.js';

/** Deeper there is most often a value that holds itself. */
const DEPTH_MAX = 1000;
const PLACE_MAX = 200; // characters
const PLACES_MAX = 20;

export type Sayability = {
  /** What JSON would leave out or turn into something else, and where; null: it says all of it. */
  readonly fault: string | null;
  /** It is what its JSON would be read as: no dates, no objects of a class, no half of a character. */
  readonly isPlain: boolean;
};

/**
 * Looks for what JSON cannot say: it would make `{}` of a Map or an Error and `null` of NaN without a word, and a client
 * would take that for the result. To be asked only of what is known not to be huge.
 */
export function sayabilityOf(value: unknown): Sayability {
  const found: Found = { what: null, place: [], isPlain: true };
  visit(value, 0, found);
  const { what, isPlain } = found;
  const place = found.place.toReversed().join('.');
  const where = place === '' ? '' : ` at '${shortenText(place, PLACE_MAX)}'`;
  return { fault: what === null ? null : `${what}${where}`, isPlain };
}

type Found = {
  what: string | null;
  /** From the inside out: put together on the way back, so that what is in order costs no text. */
  readonly place: string[];
  isPlain: boolean;
};

/** @returns Whether to go on. */
function visit(value: unknown, depth: number, found: Found): boolean {
  if (typeof value === 'string') {
    found.isPlain &&= value.isWellFormed();
    return true;
  }
  const isObject = typeof value === 'object' && value !== null;
  found.what = isObject ? kindOf(value) : oddScalar(value);
  if (depth > DEPTH_MAX) found.what = 'a value that nests without end';
  if (found.what !== null) return false;
  if (!isObject) return true;
  if ('toJSON' in value && typeof value.toJSON === 'function') {
    found.isPlain = false;
    return visit((value as { toJSON(name: string): unknown }).toJSON(''), depth + 1, found);
  }
  if (Array.isArray(value)) {
    for (let index = 0; index < value.length; index++)
      if (!visit(value[index], depth + 1, found)) return leave(index, found);
    return true;
  }
  found.isPlain &&= isPlainPrototype(Object.getPrototypeOf(value));
  for (const name of Object.keys(value)) {
    found.isPlain &&= name.isWellFormed();
    const member = (value as Record<string, unknown>)[name];
    const isLeftOut = member === undefined; // by JSON, as it is meant
    if (!isLeftOut && !visit(member, depth + 1, found)) return leave(name, found);
  }
  return true;
}

function leave(name: string | number, found: Found): boolean {
  if (found.place.length < PLACES_MAX) found.place.push(String(name));
  return false;
}

/** Of an object without a class, in whatever realm it was made. */
function isPlainPrototype(prototype: unknown): boolean {
  return prototype === null || Object.getPrototypeOf(prototype) === null;
}

function oddScalar(value: unknown): string | null {
  if (typeof value === 'number') return Number.isFinite(value) ? null : String(value);
  if (typeof value === 'bigint') return 'a BigInt';
  return value === undefined || typeof value === 'function' || typeof value === 'symbol'
    ? typeof value
    : null;
}

/** By what it is and not by its class: what comes from a thread or another realm has a class of its own. */
function kindOf(value: object): string | null {
  if (types.isMap(value) || types.isWeakMap(value)) return 'a Map';
  if (types.isSet(value) || types.isWeakSet(value)) return 'a Set';
  if (types.isNativeError(value) || value instanceof Error) return 'an Error';
  if (types.isPromise(value)) return 'a Promise';
  if (types.isRegExp(value)) return 'a RegExp';
  if (types.isDate(value)) return Number.isNaN(value.getTime()) ? 'an invalid Date' : null;
  if (types.isAnyArrayBuffer(value) || ArrayBuffer.isView(value)) return 'binary data';
  return null;
}
