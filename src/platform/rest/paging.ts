import { validate as isUuid } from 'uuid';
import { InvalidInputError } from '../errors.js';
import { readTime } from '../time-text.js';
import type { Page } from './envelope.js';

export const PAGE_LIMIT_DEFAULT = 50;
export const PAGE_LIMIT_MAX = 200;

/** Where a keyset page ended: the sort key of its last row. Opaque to clients (base64url of JSON). */
export function encodeCursor(key: readonly (string | number | null)[]): string {
  return Buffer.from(JSON.stringify(key)).toString('base64url');
}

/**
 * Reads a cursor made by {@link encodeCursor}.
 *
 * @param length How many parts the sort key has; a cursor of another length is refused.
 * @throws {InvalidInputError} The text is not one of our cursors.
 */
export function decodeCursor(cursor: string, length: number): (string | number | null)[] {
  try {
    const key: unknown = JSON.parse(Buffer.from(cursor, 'base64url').toString('utf8'));
    if (Array.isArray(key) && key.length === length && key.every(isPart)) return key;
  } catch {
    // Not base64url of JSON: refused below.
  }
  throw notACursor();
}

/** Reads the cursor of a list that is sorted by id. Checks what Postgres would otherwise refuse. */
export function decodeIdCursor(cursor: string): string {
  const [id] = decodeCursor(cursor, 1);
  if (typeof id !== 'string' || !isUuid(id)) throw notACursor();
  return id;
}

/** Reads the cursor of a list that is sorted by time and id, made by `encodeCursor([time.toISOString(), id])`. */
export function decodeTimeCursor(cursor: string): { at: Date; id: string } {
  const [time, id] = decodeCursor(cursor, 2);
  const at = readTime(time);
  if (!at || typeof id !== 'string' || !isUuid(id)) throw notACursor();
  return { at, id };
}

function isPart(part: unknown): part is string | number | null {
  return part === null || typeof part === 'string' || typeof part === 'number';
}

/** The one refusal of a cursor, whatever is wrong with it. */
export function notACursor(): InvalidInputError {
  return new InvalidInputError('The cursor is not valid; use next_cursor of the page before, unchanged', {
    details: [{ field: 'cursor', message: 'not a cursor of this list' }],
  });
}

/** Makes a page out of `limit + 1` rows: the extra row only tells that there is a next page. */
export function toPage<T>(
  rows: readonly T[],
  limit: number,
  keyOf: (row: T) => (string | number | null)[],
): Page<T> {
  const items = rows.slice(0, limit);
  const last = items.at(-1);
  return { items, limit, nextCursor: rows.length > limit && last ? encodeCursor(keyOf(last)) : null };
}
