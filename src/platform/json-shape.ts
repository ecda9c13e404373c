/** How much a JSON text may hold, whatever its length: a value costs many times what its characters do. */
export type JsonShape = { readonly maxDepth: number; readonly maxValues: number };

const QUOTE = 0x22;
const COMMA = 0x2c;
const OPEN_LIST = 0x5b;
const BACKSLASH = 0x5c;
const CLOSE_LIST = 0x5d;
const OPEN_OBJECT = 0x7b;
const CLOSE_OBJECT = 0x7d;

/**
 * Says what is too much in a JSON text, before anything is built from it; null: nothing. One pass, without understanding more than
 * strings and brackets, so that a text that is no JSON passes, too: the parser refuses it.
 *
 * @param text Of UTF-8 bytes read as Latin-1, too: no byte of another character looks like one of these.
 */
export function jsonShapeFault(text: string, { maxDepth, maxValues }: JsonShape): string | null {
  let depth = 0;
  let values = 1;
  let isOpened = false; // and nothing has followed yet
  for (let index = 0; index < text.length; index++) {
    const code = text.charCodeAt(index);
    if (code === QUOTE) {
      index = endOfString(text, index);
    } else if (code === COMMA) {
      values++;
    } else if (code === OPEN_LIST || code === OPEN_OBJECT) {
      if (++depth > maxDepth) return `is nested deeper than ${maxDepth} levels`;
      values++;
      isOpened = true;
      continue;
    } else if (code === CLOSE_LIST || code === CLOSE_OBJECT) {
      depth--;
      if (isOpened) values--; // it was empty
    } else if (code <= 0x20) {
      continue;
    }
    if (values > maxValues) return `holds more than ${maxValues} values`;
    isOpened = false;
  }
  return null;
}

function endOfString(text: string, start: number): number {
  const quote = text.indexOf('"', start + 1);
  if (quote < 0) return text.length;
  if (text.charCodeAt(quote - 1) !== BACKSLASH) return quote;
  for (let index = start + 1; index < text.length; index++) {
    const code = text.charCodeAt(index);
    if (code === BACKSLASH) index++;
    else if (code === QUOTE) return index;
  }
  return text.length;
}
