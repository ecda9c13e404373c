import { type Detector, detectorOf } from './detectors.js';
import { isJsonText, mapJsonText } from './json-text.js';
import type { RedactionRule } from './redaction-rules.js';
import { atOnce, TURN_CHARACTERS, type Turns } from './turns.js';

/** How often JSON may stand inside a string of JSON. */
const NESTED_JSON_MAX = 8;
/** Characters times instructions that expressions may cost with one text, which they read at once: half a second. */
const TEXT_WORK_MAX = 2 ** 25;
/** What a text is replaced by that would take too long to read: what was not looked at is not shown. */
const TOO_LONG = '[redacted:too_long]';
/** Between what cannot be part of a match of the built-in detectors. */
const SEAMS = /[\n,;"'<>{}[\]|，。；、！？]/;

/** What may be spent on the values of one result or record, in characters times instructions. */
export class Work {
  constructor(private left: number) {}

  spend(work: number): boolean {
    this.left -= work;
    return this.left >= 0;
  }
}

/** Replaces what the rules of one list look for. */
export class Redactor {
  private readonly detectors: readonly Detector[];
  /** Of a character. */
  private readonly cost: number;
  private readonly patternCost: number;

  /** @throws {Error} An expression does not compile: it was not checked when it was stored. */
  constructor(rules: readonly RedactionRule[]) {
    this.detectors = rules.map(detectorOf);
    this.cost = costOf(this.detectors);
    this.patternCost = costOf(this.detectors.filter(({ isWhole }) => isWhole));
  }

  /** A text; one that is JSON stays JSON. */
  *text(value: string, work: Work, nesting = 0): Turns<string> {
    if (nesting >= NESTED_JSON_MAX || !isJsonText(value)) return yield* this.plain(value, work);
    return yield* mapJsonText(value, {
      string: (inner) => atOnce(this.text(inner, work, nesting + 1)),
      number: (literal) => {
        const redacted = this.number(literal, work);
        return redacted === undefined ? literal : JSON.stringify(redacted);
      },
      name: (name) => this.name(name, work),
    });
  }

  /** @returns undefined: it may stay. */
  number(literal: string, work: Work): string | undefined {
    const redacted = this.name(literal, work);
    return redacted === literal ? undefined : redacted;
  }

  name(name: string, work: Work): string {
    return atOnce(this.plain(name, work));
  }

  private *plain(value: string, work: Work): Turns<string> {
    if (!work.spend(value.length * this.cost) || value.length * this.patternCost > TEXT_WORK_MAX)
      return TOO_LONG;
    let text = value;
    for (const { replace, isWhole } of this.detectors) {
      text = isWhole || text.length <= TURN_CHARACTERS ? replace(text) : yield* piecewise(text, replace);
    }
    return text;
  }
}

function costOf(detectors: readonly Detector[]): number {
  return detectors.reduce((sum, { cost }) => sum + cost, 0);
}

/** Piece by piece, each of a turn's length or longer until there is a seam. */
function* piecewise(text: string, replace: (text: string) => string): Turns<string> {
  const output: string[] = [];
  for (let from = 0; from < text.length;) {
    let end = Math.min(from + TURN_CHARACTERS, text.length);
    while (end < text.length && !SEAMS.test(text[end])) end++;
    output.push(replace(text.slice(from, end)));
    from = end;
    yield;
  }
  return output.join('');
}
