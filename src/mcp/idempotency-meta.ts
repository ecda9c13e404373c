import { IDEMPOTENCY_KEY } from '../tools/pipe/effects-once.js';
import { isPlainObject } from '../platform/plain-object.js';

/** The key in a request's `_meta`, as it was sent; undefined: none. */
export function keyInMeta(meta: unknown): unknown {
  return isPlainObject(meta) ? meta[IDEMPOTENCY_KEY] : undefined;
}
