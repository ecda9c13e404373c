const NUMBER = /-?\d[\d.eE+-]*/g;

/** Whether a text is a JSON object, list or string; a bare number is taken for text. */
export function isJsonText(text: string): boolean {
  if (!/^\s*[[{"]/.test(text)) return false;
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

export type JsonMapper = {
  /** A string's new value. */
  readonly string: (value: string) => string;
  /** What stands in a number's place, as JSON. @param literal As it stands in the text */
  readonly number: (literal: string) => string;
};

/**
 * Replaces strings and numbers of a JSON text in place; all else stays as it is written: names, spaces, numbers that
 * JavaScript could not hold.
 *
 * @param text Valid JSON.
 */
export function mapJsonText(text: string, mapper: JsonMapper): string {
  const output: string[] = [];
  let from = 0;
  for (let open = text.indexOf('"'); open >= 0; open = text.indexOf('"', from)) {
    const end = endOfString(text, open);
    output.push(mapNumbers(text.slice(from, open), mapper));
    output.push(isName(text, end) ? text.slice(open, end) : mapString(text.slice(open, end), mapper));
    from = end;
  }
  output.push(mapNumbers(text.slice(from), mapper));
  return output.join('');
}

function mapString(literal: string, { string }: JsonMapper): string {
  const value = JSON.parse(literal) as string;
  const mapped = string(value);
  return mapped === value ? literal : JSON.stringify(mapped);
}

function mapNumbers(between: string, { number }: JsonMapper): string {
  return /\d/.test(between) ? between.replace(NUMBER, number) : between;
}

/** Just behind the closing quote. */
function endOfString(text: string, open: number): number {
  for (let close = text.indexOf('"', open + 1); close >= 0; close = text.indexOf('"', close + 1)) {
    let first = close;
    while (text[first - 1] === '\\') first--;
    if ((close - first) % 2 === 0) return close + 1;
  }
  return text.length;
}

function isName(text: string, end: number): boolean {
  let next = end;
  while (/\s/.test(text[next] ?? '')) next++;
  return text[next] === ':';
}
