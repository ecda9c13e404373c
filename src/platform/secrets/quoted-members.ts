/** A name in quotes and what begins its value; inside a text of JSON its quotes are escaped. */
const MEMBER = /(\\{0,7})(["'])([^"'\\]{1,100})\1\2\s{0,8}[:=]\s{0,8}(?:(\\{0,7})(["'])|(?=[\w.+-]))/g;
const BARE_VALUE = /[\w.+-]{1,200}/y;

/**
 * Replaces the values of some members of JSON, or of what looks like it, that stands in the middle of a text.
 *
 * @param isMeant Given a name as it stands in the text.
 */
export function redactMembers(text: string, isMeant: (name: string) => boolean, replacement: string): string {
  let output = '';
  let from = 0;
  for (const match of text.matchAll(MEMBER)) {
    const [whole, , , name, escapes, quote] = match;
    if (match.index < from || !isMeant(name)) continue;
    const start = match.index + whole.length;
    if (quote === undefined) {
      BARE_VALUE.lastIndex = start;
      output += `${text.slice(from, start)}"${replacement}"`;
      from = start + (BARE_VALUE.exec(text)?.[0].length ?? 0);
    } else {
      output += text.slice(from, start) + replacement;
      from = endOfQuoted(text, start, { escapes: escapes.length, quote });
    }
  }
  return from === 0 ? text : output + text.slice(from);
}

type Opening = { readonly escapes: number; readonly quote: string };

/** Where the closing quote stands with its escapes; the end of a text that was cut. */
function endOfQuoted(text: string, start: number, { escapes, quote }: Opening): number {
  for (let end = text.indexOf(quote, start); end >= 0; end = text.indexOf(quote, end + 1)) {
    let first = end;
    while (first > start && text[first - 1] === '\\') first--;
    if (closes(end - first, escapes)) return end - escapes;
  }
  return text.length;
}

/** Each level of JSON within JSON writes one backslash as two, and a quote with one before it. */
function closes(backslashes: number, escapes: number): boolean {
  if (escapes === 0) return backslashes % 2 === 0;
  return backslashes % 2 === 1 && closes((backslashes - 1) / 2, (escapes - 1) / 2);
}
