const TIME =
  /^(\d{4})-(\d\d)-(\d\d)T([01]\d|2[0-3]):[0-5]\d(?::[0-5]\d(?:\.\d{1,6})?)?(?:Z|[+-](?:[01]\d|2[0-3]):[0-5]\d)$/;

/**
 * Reads a point in time that somebody outside wrote, with its zone (RFC 3339; seconds may be left out).
 *
 * @returns Undefined: it is none, or one that no calendar or clock has. `Date` rolls 30 February over into March and takes 24:00;
 *   whoever wrote it meant something else.
 */
export function readTime(text: unknown): Date | undefined {
  if (typeof text !== 'string') return undefined;
  const [, year, month, day] = TIME.exec(text)?.map(Number) ?? [];
  if (year === undefined || month === undefined || day === undefined) return undefined;
  if (month < 1 || month > 12 || day < 1 || day > daysOf(year, month)) return undefined;
  const time = new Date(text);
  // An offset may lead out of the years that the database and our own texts have.
  return time.getUTCFullYear() >= 1 && time.getUTCFullYear() <= 9999 ? time : undefined;
}

/** @param month From 1. */
function daysOf(year: number, month: number): number {
  const end = new Date(0);
  end.setUTCFullYear(year, month, 0); // Date.UTC takes the years before 100 for those of the 20th century
  return end.getUTCDate();
}
