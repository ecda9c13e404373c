import { isPlainObject } from '../platform/plain-object.js';

/** A number as it was written, for those that a double cannot hold. `JSON.stringify` writes it out unaltered. */
export type ExactNumber = { readonly rawJSON: string };

/** @see TC39 "JSON.parse source text access", in V8 since 11.4; the types of ES2024 do not have it. */
type JsonWithSource = {
  rawJSON(text: string): ExactNumber;
  isRawJSON(value: unknown): value is ExactNumber;
  parse(text: string, reviver: Reviver): unknown;
};
type Reviver = (this: object, name: string, value: unknown, context: { source?: string }) => unknown;

const json = JSON as unknown as JsonWithSource;
const WHOLE_NUMBER = /^-?\d{1,64}$/;
/** What a client tells its requests apart by, and where it stands in a message. */
const NAMES: readonly string[] = ['id', 'requestId', 'progressToken'];

export function isExactNumber(value: unknown): value is ExactNumber {
  return json.isRawJSON(value);
}

/** Whether two ids, or two progress tokens, are the same. */
export function isSameId(one: unknown, other: unknown): boolean {
  return isExactNumber(one) && isExactNumber(other) ? one.rawJSON === other.rawJSON : one === other;
}

/**
 * Puts ids above 2^53 in their written form into parsed JSON-RPC messages: such a client gets back what it sent, and two of
 * its requests are not taken for one. Leaves messages alone that have none, which is nearly all of them.
 *
 * @param parsed What `JSON.parse` made of `text`; changed in place.
 */
export function keepExactIds(parsed: unknown, text: string): unknown {
  if (!(Array.isArray(parsed) ? parsed.some(isInexact) : isInexact(parsed))) return parsed;
  const sources = new Map<object, Map<string, string>>();
  const twin = json.parse(text, function (name, value, { source }) {
    if (typeof value === 'number' && source !== undefined && NAMES.includes(name)) {
      const known = sources.get(this) ?? new Map<string, string>();
      sources.set(this, known.set(name, source));
    }
    return value;
  });
  const places = holdersOf(parsed);
  for (const [index, place] of holdersOf(twin).entries()) {
    for (const [name, source] of sources.get(place) ?? []) {
      if (isUnsafe(place[name]) && WHOLE_NUMBER.test(source)) places[index][name] = json.rawJSON(source);
    }
  }
  return parsed;
}

/** Whether a request has numbers that the SDK cannot read. */
export function hasExactIds({ id, params }: { readonly id?: unknown; readonly params?: unknown }): boolean {
  return isExactNumber(id) || isExactNumber(memberOf(memberOf(params, '_meta'), 'progressToken'));
}

/** The messages, their params and `_meta`: a tool's arguments may have an `id` too, and that is none of ours. */
function holdersOf(body: unknown): Record<string, unknown>[] {
  return (Array.isArray(body) ? body : [body]).flatMap((message: unknown) => {
    const params = memberOf(message, 'params');
    return [message, params, memberOf(params, '_meta')].filter(isPlainObject);
  });
}

function isInexact(message: unknown): boolean {
  if (!isPlainObject(message)) return false;
  if (isUnsafe(message['id'])) return true;
  const { params } = message;
  if (!isPlainObject(params)) return false;
  return isUnsafe(params['requestId']) || isUnsafe(memberOf(params['_meta'], 'progressToken'));
}

function isUnsafe(value: unknown): boolean {
  return typeof value === 'number' && !Number.isSafeInteger(value);
}

function memberOf(value: unknown, name: string): unknown {
  return isPlainObject(value) ? value[name] : undefined;
}
