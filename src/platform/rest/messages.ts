import type { Request } from 'express';
import { zh } from './messages.zh.js';

export type Language = 'en' | 'zh';

/** A message with holes, cut at them: `No group {0}` is the texts around hole 0. */
type Template = {
  readonly texts: readonly string[];
  readonly holes: readonly number[];
  readonly told: string;
};

const templates: readonly Template[] = Object.entries(zh)
  .map(([english, told]) => ({
    texts: english.split(/\{\d+\}/),
    holes: [...english.matchAll(/\{(\d+)\}/g)].map(([, hole]) => Number(hole)),
    told,
  }))
  // What says more of itself comes first: "{0} must be a string" would also take "each value in {0} must be a string".
  .toSorted((one, other) => lengthOf(other) - lengthOf(one));
const plain = new Map(Object.entries(zh));

/** The language to answer in (`Accept-Language`, RFC 9110 section 12.5.4); English when none of ours is asked for. */
export function languageOf(request: Request): Language {
  return request.acceptsLanguages('en', 'zh') === 'zh' ? 'zh' : 'en';
}

/**
 * The Chinese of an English message, found by its template in the catalogue, as gettext does it: code throws plain English and
 * knows nothing of languages. What the holes hold (names, ids) stays as it is.
 *
 * @returns Null when the catalogue does not have it.
 */
export function translate(message: string): string | null {
  const exact = plain.get(message);
  if (exact !== undefined) return exact;
  for (const template of templates) {
    const held = template.holes.length > 0 ? match(template.texts, message) : null;
    if (held === null) continue;
    const values = new Map(template.holes.map((hole, index) => [hole, held[index] ?? '']));
    return template.told.replace(/\{(\d+)\}/g, (_all, hole: string) => values.get(Number(hole)) ?? '');
  }
  return null;
}

/** What stands in the holes. By plain search from left to right: a pattern could be made to run long by what it is given. */
function match(texts: readonly string[], message: string): string[] | null {
  const [first = '', ...rest] = texts;
  const last = rest.pop() ?? '';
  if (!message.startsWith(first)) return null;
  let at = first.length;
  const held: string[] = [];
  for (const text of rest) {
    const found = text === '' ? -1 : message.indexOf(text, at);
    if (found < 0) return null;
    held.push(message.slice(at, found));
    at = found + text.length;
  }
  const end = message.length - last.length;
  if (end < at || !message.endsWith(last)) return null;
  return [...held, message.slice(at, end)];
}

function lengthOf(template: Template): number {
  return template.texts.join('').length;
}
