/*
 * How search_users stays fast in any language. A trigram index answers "contains" for Latin text and digits from three
 * characters on. It knows no Chinese (in a database with the C character type pg_trgm sees no letters there at all), so
 * names also have an index over their pairs of neighbouring non-ASCII characters. What is too short for both matches
 * the beginning of the display name, or the whole username.
 */

/** The text that "contains" looks at; the expression of the index `ix_users_search_trgm`, to the letter. */
const SEARCHED = "lower(display_name || ' ' || username || ' ' || email || ' ' || coalesce(phone, ''))";

/**
 * The SQL condition for one search text, not case-sensitive.
 *
 * @param bind Adds a query parameter and gives its placeholder.
 */
export function searchCondition(query: string, bind: (value: unknown) => string): string {
  const text = query.trim().toLowerCase();
  // `[^ -~]`: not printable ASCII, as in the SQL function `user_name_pairs`.
  if (/[^ -~]{2}/u.test(text)) {
    const pairs = `user_name_pairs(display_name) @> user_name_pairs(${bind(text)}::text)`;
    return `${pairs} AND lower(display_name) LIKE ${bind(`%${escapeLike(text)}%`)}`;
  }
  if (/[a-z0-9]{3}/.test(text)) return `${SEARCHED} LIKE ${bind(`%${escapeLike(text)}%`)}`;
  return `(lower(display_name) LIKE ${bind(`${escapeLike(text)}%`)} OR username = ${bind(query.trim())})`;
}

export function escapeLike(text: string): string {
  return text.replace(/[\\%_]/g, '\\$&');
}
