import { RE2JS } from 're2js';
import { replaceSecrets } from '../common/redact.js';
import { replaceCardsIn } from './bank-card.js';
import { isIdCard } from './id-card.js';
import type { RedactionRule } from './redaction-rules.js';

/** A text without what a rule looks for. */
export type Detector = (text: string) => string;

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
  switch (rule.detector) {
    case 'phone':
      return (text) => text.replace(PHONE, () => replacement);
    case 'id_card':
      return (text) =>
        text.replace(ID_CARD, (match) => (isIdCard(match.replace(/[ -]/g, '')) ? replacement : match));
    case 'bank_card':
      return (text) => text.replace(DIGIT_RUN, (run) => replaceCardsIn(run, replacement));
    case 'email':
      return (text) => (text.includes('@') ? text.replace(EMAIL, () => replacement) : text);
    case 'secret':
      return (text) =>
        replaceSecrets(text, replacement).replace(TOKEN, (token) =>
          looksGenerated(token) ? replacement : token,
        );
    case 'pattern':
      return patternDetector(RE2JS.compile(rule.pattern ?? ''), replacement);
    default:
      throw new Error(`No detector '${String(rule.detector)}'`);
  }
}

function patternDetector(pattern: RE2JS, replacement: string): Detector {
  return (text) => {
    const matcher = pattern.matcher(text);
    let output = '';
    let from = 0;
    while (matcher.find()) {
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
