/** BCP 47 in its canonical form (`zh-cn` becomes `zh-CN`); null: that is no language tag. */
export function toLanguage(tag: string): string | null {
  try {
    return Intl.getCanonicalLocales(tag)[0] ?? null;
  } catch {
    return null;
  }
}

/** The tag and what it is a kind of, the nearest first (RFC 4647 section 3.4): `zh-Hant-TW`, `zh-Hant`, `zh`. */
export function widening(tag: string): string[] {
  const parts = tag.split('-');
  return parts.map((_part, index) => parts.slice(0, parts.length - index).join('-'));
}

/** A language tag as it may be given to us. */
export const LANGUAGE = /^[a-zA-Z]{2,3}(-[a-zA-Z0-9]{2,8}){0,4}$/;
export const LANGUAGE_WRONG = '$property must be a language tag, e.g. en or zh-CN';
