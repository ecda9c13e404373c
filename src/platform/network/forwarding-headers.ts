const FOR = /^for=(.*)$/is;

/** What each hop of `X-Forwarded-For` says, the nearest last; nothing is checked yet. */
export function readXForwardedFor(header: string): readonly string[] {
  return header
    .split(',')
    .map((element) => unquoted(element.trim()))
    .filter((element) => element !== ''); // RFC 9110, section 5.6.1: an empty element is none
}

/**
 * Reads what each hop of `Forwarded` (RFC 7239) says in `for=`, the nearest last; nothing is checked yet, and empty where it says
 * nothing. A header with a quote that never ends is one hop that says nothing: where its elements end, nobody can tell, and a
 * client may have left it open to hide what our proxy put behind it.
 */
export function readForwardedFor(header: string): readonly string[] {
  const elements = splitOutsideQuotes(header, ',');
  if (!elements) return [''];
  return elements.filter((element) => element.trim() !== '').map(forOf);
}

function forOf(element: string): string {
  const pairs = splitOutsideQuotes(element, ';') ?? [];
  const own = pairs.map((pair) => FOR.exec(pair.trim())?.[1]).find((value) => value !== undefined);
  return unquoted(own ?? '');
}

/** Undefined: a quote is not closed. */
function splitOutsideQuotes(text: string, separator: string): string[] | undefined {
  const parts: string[] = [];
  let start = 0;
  let isQuoted = false;
  for (let index = 0; index < text.length; index++) {
    const character = text.charAt(index);
    if (isQuoted && character === '\\') index++;
    else if (character === '"') isQuoted = !isQuoted;
    else if (!isQuoted && character === separator) {
      parts.push(text.slice(start, index));
      start = index + 1;
    }
  }
  return isQuoted ? undefined : [...parts, text.slice(start)];
}

function unquoted(text: string): string {
  const isQuoted = text.length > 1 && text.startsWith('"') && text.endsWith('"');
  return isQuoted ? text.slice(1, -1).replace(/\\(.)/g, '$1') : text;
}
