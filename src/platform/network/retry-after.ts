/** The oldest of the three forms of a date (RFC 9110, section 5.6.7), which has no zone and means GMT. */
const ASCTIME = /^[A-Z][a-z]{2} [A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d \d{4}$/;

/** Reads `Retry-After`: whole seconds or a date (RFC 9110, section 10.2.3). @returns Milliseconds from now; undefined: anything else. */
export function readRetryAfter(text = ''): number | undefined {
  if (/^\d{1,9}$/.test(text)) return Number(text) * 1000;
  const date = ASCTIME.test(text) ? `${text} GMT` : text;
  const dateMs = date.endsWith(' GMT') ? Date.parse(date) : Number.NaN;
  return Number.isNaN(dateMs) ? undefined : Math.max(0, dateMs - Date.now());
}
