import { isPlainObject } from '../platform/plain-object.js';

/** Members of params that some clients send null for instead of leaving them out, by method. */
const OPTIONAL: Readonly<Record<string, readonly string[]>> = {
  'tools/list': ['cursor'],
  'tools/call': ['arguments'],
};

/**
 * Takes a null that means nothing out of a message, or out of each message of a batch. Done once, before any door or lane looks
 * at it: the SDK would refuse what we answer.
 */
export function withoutAbsentParams(body: unknown): unknown {
  for (const message of Array.isArray(body) ? body : [body]) {
    if (!isPlainObject(message) || !isPlainObject(message['params'])) continue;
    const { method, params } = message;
    const names = typeof method === 'string' && Object.hasOwn(OPTIONAL, method) ? OPTIONAL[method] : [];
    for (const name of names) if (params[name] === null) delete params[name];
  }
  return body;
}
