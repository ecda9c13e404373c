/** `{{name}}`, spaces allowed. Braces end a name, so that no text is read twice however often it begins one. */
const VARIABLE = /\{\{([^{}]*)\}\}/g;
const BRACKETS: ReadonlyMap<string | undefined, string> = new Map([
  ['(', ')'],
  ['（', '）'],
  ['[', ']'],
  ['【', '】'],
]);
const SPACES = ' \t\u00a0\u3000';
const COMMAS = ',，、;；';
/** What no text begins with, and what stands right behind a word. */
const STOPS = `${COMMAS}:：.。!！?？)）]】`;
const LINE_ENDS = '\n\r';

/** Names the `{{variables}}` of a text, and gives the text without them. */
export function readVariables(text: string): { readonly names: readonly string[]; readonly rest: string } {
  const names = [...text.matchAll(VARIABLE)].map(([, name]) => name.trim());
  return { names: [...new Set(names)], rest: text.replaceAll(VARIABLE, '') };
}

/**
 * Puts values for the `{{variables}}` of a text. What a value holds is never filled in again; one of undefined stays as it is. An
 * empty one takes along what leaned on it: a space, a comma, brackets, so that "Hello {{name}}," becomes "Hello,".
 */
export function fillVariables(text: string, valueOf: (name: string) => string | undefined): string {
  const parts: string[] = [];
  let read = 0;
  for (const { 0: whole, 1: name, index } of text.matchAll(VARIABLE)) {
    if (index > read) parts.push(text.slice(read, index));
    read = index + whole.length;
    const value = valueOf(name.trim()) ?? whole;
    if (value !== '') parts.push(value);
    else read = closeGap(parts, text, read);
  }
  parts.push(text.slice(read));
  return parts.join('');
}

/**
 * Takes back, of the parts up to an empty value, what leaned on it.
 *
 * @returns Where in the text to read on.
 */
function closeGap(parts: string[], text: string, end: number): number {
  let last = parts.pop();
  let read = end;
  if (last !== undefined && text[read] !== undefined && BRACKETS.get(last.at(-1)) === text[read]) {
    last = last.slice(0, -1);
    read += 1;
  }
  if (last === undefined || LINE_ENDS.includes(last.at(-1) ?? ' ')) {
    if (last !== undefined) parts.push(last);
    const begin = skip(text, read, SPACES);
    const isAlone = text[begin] === undefined || LINE_ENDS.includes(text[begin]);
    return isAlone ? begin : skip(text, skip(text, begin, STOPS), SPACES);
  }
  const next = text[read];
  const isBeforeSpace = next !== undefined && SPACES.includes(next);
  if (next === undefined || isBeforeSpace || STOPS.includes(next) || LINE_ENDS.includes(next)) {
    last = trimEnd(last, SPACES);
    if (!isBeforeSpace) last = trimEnd(last, COMMAS);
  }
  parts.push(last);
  return read;
}

function skip(text: string, from: number, characters: string): number {
  let at = from;
  while (text[at] !== undefined && characters.includes(text[at])) at += 1;
  return at;
}

function trimEnd(text: string, characters: string): string {
  let end = text.length;
  while (end > 0 && characters.includes(text[end - 1])) end -= 1;
  return text.slice(0, end);
}
