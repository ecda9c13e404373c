import { toName, toUsername } from '../platform/identity-text.js';

/*
 * What search_users matches, in any language: each word of the query must occur somewhere. A trigram index answers that
 * for Latin text and digits from three characters on. It knows no Chinese (in a database with the C character type
 * pg_trgm sees no letters there at all), so names also have an index over their pairs of neighbouring non-ASCII
 * characters. A query without such a word matches the beginning of the display name, or the whole username.
 */

/** The text that "contains" looks at; the expression of the index `ix_users_search_trgm`, to the letter. */
const SEARCHED = "lower(display_name || ' ' || username || ' ' || email || ' ' || coalesce(phone, ''))";

/** The same for one word, which has no space in it; in half the time, but no index can hold it. */
const SEARCHED_AT_HAND = "lower(concat_ws(' ', display_name, username, email, phone))";

const WORDS_MAX = 5;
const HAS_TRIGRAM = /[a-z0-9]{3}/;
/** `[^ -~]`: not printable ASCII, as in the SQL function `user_name_pairs`. */
const HAS_PAIR = /[^ -~]{2}/u;

/** Two SQL conditions that are true for the same users. */
export type SearchConditions = {
  /** The cheaper one when a row is at hand. */
  readonly plain: string;
  /** The one an index answers. */
  readonly indexed: string;
};

/**
 * The conditions for one search text, not case-sensitive.
 *
 * @param bind Adds a query parameter and gives its placeholder.
 */
export function searchConditions(query: string, bind: (value: unknown) => string): SearchConditions {
  const sought = toName(query).toLowerCase();
  const words = sought.split(/\s+/).filter(Boolean).slice(0, WORDS_MAX);
  if (!words.some((word) => HAS_PAIR.test(word) || HAS_TRIGRAM.test(word))) {
    const beginning = bind(`${escapeLike(sought)}%`);
    const plain = `(lower(display_name) LIKE ${beginning} OR username = ${bind(toUsername(query))})`;
    return { plain, indexed: plain };
  }
  const conditions = words.map((word) => {
    const pattern = bind(`%${escapeLike(word)}%`);
    if (!HAS_PAIR.test(word))
      return { plain: `${SEARCHED_AT_HAND} LIKE ${pattern}`, indexed: `${SEARCHED} LIKE ${pattern}` };
    const plain = `lower(display_name) LIKE ${pattern}`;
    return {
      plain,
      indexed: `${plain} AND user_name_pairs(display_name) @> user_name_pairs(${pattern}::text)`,
    };
  });
  const both = (side: keyof SearchConditions) => conditions.map((condition) => condition[side]).join(' AND ');
  return { plain: both('plain'), indexed: both('indexed') };
}

/** Makes a text match itself in LIKE. */
export function escapeLike(text: string): string {
  return text.replace(/[\\%_]/g, '\\$&');
}
