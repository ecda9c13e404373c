import { validate as isUuid } from 'uuid';
import { decodeCursor } from '../platform/rest/paging.js';
import { InvalidInputError } from '../platform/errors.js';
import { readTime } from '../platform/time-text.js';

/** The sort key of our lists: a time (milliseconds, as our columns are) and the row's id to break ties. */
export type TimeKey = { readonly time: Date; readonly id: string };

export function timeKey(time: Date, id: string): [string, string] {
  return [time.toISOString(), id];
}

/** @throws {InvalidInputError} Not a cursor that {@link timeKey} made. */
export function decodeTimeCursor(cursor: string): TimeKey {
  const [isoTime, id] = decodeCursor(cursor, 2);
  const time = readTime(isoTime);
  if (time && typeof id === 'string' && isUuid(id)) return { time, id };
  throw new InvalidInputError(
    'The cursor is not of this list; use next_cursor of the page before, unchanged',
    {
      details: [{ field: 'cursor', message: 'not a cursor of this list' }],
    },
  );
}
