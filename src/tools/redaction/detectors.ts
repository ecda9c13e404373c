import { RE2JS } from 're2js';
import { replaceSecrets } from '../../platform/secrets/redact.js';
import { replaceCardsIn } from './bank-card.js';
import { isIdCard } from './id-card.js';
import { fold } from './fold.js';
import type { RedactionRule } from './redaction-rules.js';
import type { Turns, Work } from './turns.js';

/** What a text is replaced by that would take too long to read: what was not looked at is not shown. */
export const TOO_LONG = '[redacted:too_long]';

export type Detector = {
  /** A text without what the rule looks for; where the work is over, what is not looked at is hidden. */
  readonly replace: (text: string, work: Work) => Turns<string>;
  /** Of a character, in instructions of RE2. */
  readonly cost: number;
  /** A match may be anything, so that it must see a text whole. */
  readonly isWhole: boolean;
};

type Replace = (text: string) => string;

/** What a built-in detector costs, which the engine of JavaScript runs. */
const BUILT_IN_COST = 4;

// Each expression begins only where what it looks for can begin and repeats a bounded number of times, so that a hostile
// text of any length is read in linear time.

/** A number does not begin in the middle of a word, a longer number or a fraction. `tel` and the like may stand right before. */
const START = String.raw`(?:(?<![0-9A-Za-z_+])(?<!\d[.,])|(?<=tel|phone|mobile|TEL|Tel|Phone|Mobile))`;
/** Nor end in one. */
const END = String.raw`(?![0-9A-Za-z_])(?!\.\d)`;
/** Mainland mobile numbers. */
const MOBILE = String.raw`(?:(?:\+|00)?86[ -]?)?1[3-9]\d[ -]?\d{4}[ -]?\d{4}`;
/** Mainland landlines: area code, number, extension. */
const LANDLINE = String.raw`(?:(?:\+|00)86[ -]?)?(?:\(0(?:10|2\d|[3-9]\d{2})\)|0(?:10|2\d|[3-9]\d{2}))[ -]?[2-8]\d{3}[ -]?\d{3,4}(?:(?:-|转| ext\.? ?)\d{1,6})?`;
/** Any country's, E.164: a plus, the country's code (7 and 1 alone have one digit) and at most 15 digits in all. */
const INTERNATIONAL = String.raw`\+(?:[17]|[2-9]\d)(?:[ .()-]{0,2}\d){6,13}`;
const PHONE = new RegExp(`${START}(?:${INTERNATIONAL}|${MOBILE}|${LANDLINE})${END}`, 'g');
const ID_CARD = /(?<![0-9A-Za-z_])[1-9]\d{5}[ -]?[12]\d{3}[01]\d[0-3]\d[ -]?\d{3}[\dXx](?![0-9A-Za-z_])/g;
/** Groups of digits parted by single spaces or dashes, whole: what a card number can be part of. */
const DIGIT_RUN = /(?<![0-9A-Za-z_])(?<!\d[.,])\d{4,}(?:[ -]\d+)*(?![0-9A-Za-z_])(?!\.\d)/g;
const EMAIL =
  /(?<![A-Za-z0-9._%+-])[A-Za-z0-9._%+-]{1,64}@(?:[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.){1,10}[A-Za-z]{2,63}(?![A-Za-z0-9])/g;
/** What generated keys look like: long, of capitals, small letters and digits. Hashes and UUIDs are not. */
const TOKEN = /(?<![A-Za-z0-9+/_-])[A-Za-z0-9+/_-]{32,256}={0,2}(?![A-Za-z0-9+/_=-])/g;
const TOKEN_ENTROPY_MIN = 4; // bits a character

/** @throws {Error} The expression does not compile: it was not checked when it was stored. */
export function detectorOf(rule: RedactionRule): Detector {
  const replacement = rule.replacement ?? `[redacted:${rule.detector}]`;
  if (rule.detector === 'pattern') {
    const pattern = RE2JS.compile(rule.pattern ?? '');
    return { replace: patternReplacer(pattern, replacement), cost: pattern.programSize(), isWhole: true };
  }
  const replace = builtIn(rule.detector, replacement);
  return {
    *replace(text) {
      yield;
      return replace(text);
    },
    cost: BUILT_IN_COST,
    isWhole: false,
  };
}

function builtIn(detector: Exclude<RedactionRule['detector'], 'pattern'>, replacement: string): Replace {
  switch (detector) {
    case 'phone':
      return replacer(PHONE, 8, () => replacement);
    case 'id_card':
      return replacer(ID_CARD, 18, (match) => (isIdCard(match.replace(/[ -]/g, '')) ? replacement : match));
    case 'bank_card':
      return replacer(DIGIT_RUN, 13, (run) => replaceCardsIn(run, replacement));
    case 'email':
      return replacer(EMAIL, 6, () => replacement);
    case 'secret':
      return (text) =>
        replaceSecrets(text, replacement).replace(TOKEN, (token) =>
          looksGenerated(token) ? replacement : token,
        );
    default:
      throw new Error(`No detector '${String(detector)}'`);
  }
}

/**
 * Looks at a text as it is read (`１３８` is `138`) and replaces what it finds there; all else stays as it is written.
 *
 * @param minLength Of a match; shorter texts need no look.
 */
function replacer(expression: RegExp, minLength: number, replace: (match: string) => string): Replace {
  return (text) => {
    if (text.length < minLength) return text;
    const plain = fold(text);
    if (plain === text) return text.replace(expression, replace);
    let output = '';
    let from = 0;
    for (const { 0: match, index } of plain.matchAll(expression)) {
      const replaced = replace(match);
      if (replaced === match) continue;
      output += text.slice(from, index) + replaced;
      from = index + match.length;
    }
    return from === 0 ? text : output + text.slice(from);
  };
}

/** From each match on the rest of the text is read anew, so that many matches may take the square of its length. */
function patternReplacer(pattern: RE2JS, replacement: string): Detector['replace'] {
  return function* (text, work) {
    const matcher = pattern.matcher(text);
    let output = '';
    let from = 0;
    while (matcher.find()) {
      if (work.isOver) return TOO_LONG;
      yield;
      if (matcher.end() === matcher.start()) continue;
      output += text.slice(from, matcher.start()) + replacement;
      from = matcher.end();
    }
    return from === 0 ? text : output + text.slice(from);
  };
}

function looksGenerated(token: string): boolean {
  const isMixed = /[a-z]/.test(token) && /[A-Z]/.test(token) && /\d/.test(token);
  return isMixed && entropyOf(token) >= TOKEN_ENTROPY_MIN;
}

/** Shannon's, in bits a character. */
function entropyOf(text: string): number {
  const counts = new Map<string, number>();
  for (const character of text) counts.set(character, (counts.get(character) ?? 0) + 1);
  let bits = 0;
  for (const count of counts.values()) bits -= (count / text.length) * Math.log2(count / text.length);
  return bits;
}
