import type { IncomingMessage } from 'node:http';
import { idempotencyKeyOf } from '../platform/rest/idempotency-key.js';
import { IDEMPOTENCY_KEY } from '../tools/pipe/effects-once.js';
import { isPlainObject } from '../platform/plain-object.js';

/** The key in a request's `_meta`, as it was sent; undefined: none. */
export function keyInMeta(meta: unknown): unknown {
  return isPlainObject(meta) ? meta[IDEMPOTENCY_KEY] : undefined;
}

/** A message with the key of the HTTP request that brought it, for transports whose messages lose sight of that request. */
export function withKeyOf(request: IncomingMessage, message: unknown): unknown {
  const key = idempotencyKeyOf(request);
  if (key === undefined || !isPlainObject(message) || message['method'] !== 'tools/call') return message;
  const { params } = message;
  const meta = isPlainObject(params) ? (params['_meta'] ?? {}) : undefined;
  if (!isPlainObject(params) || !isPlainObject(meta)) return message; // malformed; refused further on
  return { ...message, params: { ...params, _meta: { [IDEMPOTENCY_KEY]: key, ...meta } } };
}
