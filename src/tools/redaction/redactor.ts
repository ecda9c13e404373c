import { type Detector, detectorOf, TOO_LONG } from './detectors.js';
import { isJsonText, isLongJson, mapJsonText } from './json-text.js';
import type { RedactionRule } from './redaction-rules.js';
import { PIECE_CHARACTERS, type Turns, type Work } from './turns.js';

/** How often JSON may stand inside a string of JSON. */
const NESTED_JSON_MAX = 8;
/** Between what cannot be part of a match of the built-in detectors. */
const SEAMS = /[\n,;"'<>{}[\]|，。；、！？]/;

/** Replaces what the rules of one list look for. */
export class Redactor {
  private readonly detectors: readonly Detector[];

  /** @throws {Error} An expression does not compile: it was not checked when it was stored. */
  constructor(rules: readonly RedactionRule[]) {
    this.detectors = rules.map(detectorOf);
  }

  /** A text; one that is JSON stays JSON. */
  *text(value: string, work: Work, nesting = 0): Turns<string> {
    yield; // each text is parsed
    if (isLongJson(value)) return TOO_LONG;
    if (nesting >= NESTED_JSON_MAX || !isJsonText(value)) return yield* this.plain(value, work);
    return yield* mapJsonText(value, {
      string: (inner) => this.text(inner, work, nesting + 1),
      number: (literal) => this.number(literal, work),
      name: (name) => this.plain(name, work),
    });
  }

  /** A number as it is written; in JSON what takes its place is a text. */
  *number(literal: string, work: Work): Turns<string> {
    const redacted = yield* this.plain(literal, work);
    return redacted === literal ? literal : JSON.stringify(redacted);
  }

  /** A text that is no JSON, a name. */
  *plain(value: string, work: Work): Turns<string> {
    let text = value;
    for (const { replace, isWhole, cost } of this.detectors) {
      if (work.isOver || (isWhole && text.length * cost > work.maxTextWork)) {
        yield; // much may be left
        return TOO_LONG;
      }
      const isPieces = !isWhole && text.length > PIECE_CHARACTERS;
      text = yield* isPieces ? piecewise(text, replace, work) : replace(text, work);
      yield;
    }
    return text;
  }
}

/** Piece by piece, each of a turn's length or longer until there is a seam. */
function* piecewise(text: string, replace: Detector['replace'], work: Work): Turns<string> {
  const output: string[] = [];
  for (let from = 0; from < text.length;) {
    if (work.isOver) {
      yield; // much may be left
      return TOO_LONG;
    }
    let end = Math.min(from + PIECE_CHARACTERS, text.length);
    while (end < text.length && !SEAMS.test(text[end])) end++;
    const piece = text.slice(from, end);
    output.push(yield* replace(piece, work));
    from = end;
    yield;
  }
  return output.join('');
}
