import { jsonShapeFault } from '../../platform/json-shape.js';
import type { Turns } from './turns.js';

const BEGINNING = /^\s*[[{"]/;
const NAME_FOLLOWS = /\s*:/y;
const NUMBER = /-?\d[\d.eE+-]*/g;

/** Parsed at once: so many take 30 ms. */
const SHAPE = { maxDepth: Infinity, maxValues: 100_000 };

/** Whether a text looks like JSON that would take long to parse. */
export function isLongJson(text: string): boolean {
  return BEGINNING.test(text) && jsonShapeFault(text, SHAPE) !== null;
}

/** Whether a text is a JSON object, list or string; a bare number is taken for text. */
export function isJsonText(text: string): boolean {
  if (!BEGINNING.test(text)) return false;
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

export type JsonMapper = {
  /** A string's new value. */
  readonly string: (value: string) => Turns<string>;
  /** What stands in a number's place, as JSON. @param literal As it stands in the text */
  readonly number: (literal: string) => Turns<string>;
  /** A property's new name. */
  readonly name: (name: string) => Turns<string>;
};

/**
 * Replaces strings, numbers and names of a JSON text in place; all else stays as it is written: spaces, numbers that
 * JavaScript could not hold.
 *
 * @param text Valid JSON.
 */
export function* mapJsonText(text: string, mapper: JsonMapper): Turns<string> {
  const output: string[] = [];
  const names = new NewNames();
  let from = 0;
  for (let open = text.indexOf('"'); open >= 0; open = text.indexOf('"', from)) {
    const end = endOfString(text, open);
    const between = text.slice(from, open);
    names.follow(between);
    output.push(yield* mapNumbers(between, mapper));
    const literal = text.slice(open, end);
    const value = literal.includes('\\') ? (JSON.parse(literal) as string) : literal.slice(1, -1);
    const mapped = isName(text, end)
      ? names.add(value, yield* mapper.name(value))
      : yield* mapper.string(value);
    output.push(mapped === value ? literal : JSON.stringify(mapped));
    from = end;
  }
  output.push(yield* mapNumbers(text.slice(from), mapper));
  return output.join('');
}

/**
 * Keeps apart names of one object that are replaced by the same text: the second gets a number. Each goes on counting where the last
 * of its kind ended, so that any number of them takes one pass.
 */
export class NameMaker {
  private readonly counts = new Map<string, number>();

  add(name: string, mapped: string): string {
    if (mapped === name) return name;
    let count = (this.counts.get(mapped) ?? 0) + 1;
    const numbered = () => (count === 1 ? mapped : `${mapped} ${count}`);
    while (count > 1 && this.counts.has(numbered())) count++;
    this.counts.set(mapped, count);
    const free = numbered();
    if (free !== mapped) this.counts.set(free, 1);
    return free;
  }
}

/** The new names in each of the objects that are open at a place of the text. */
class NewNames {
  private readonly open: (NameMaker | undefined)[] = [];

  /** @param between What stands outside strings. */
  follow(between: string): void {
    for (const [character] of between.matchAll(/[{}]/g)) {
      if (character === '{') this.open.push(undefined);
      else this.open.pop();
    }
  }

  add(name: string, mapped: string): string {
    if (mapped === name) return name;
    return (this.open[this.open.length - 1] ??= new NameMaker()).add(name, mapped);
  }
}

function* mapNumbers(between: string, { number }: JsonMapper): Turns<string> {
  let output = '';
  let from = 0;
  for (const { 0: literal, index } of between.matchAll(NUMBER)) {
    output += between.slice(from, index) + (yield* number(literal));
    from = index + literal.length;
  }
  return output + between.slice(from);
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
  NAME_FOLLOWS.lastIndex = end;
  return NAME_FOLLOWS.test(text);
}
