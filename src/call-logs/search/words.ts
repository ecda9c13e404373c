/**
 * What a word is, in the guide (here) and in a condition over the records themselves (as regular expressions for PostgreSQL).
 * Both go by these tables and by nothing of the database's locale, or the same search would find other records once the guide
 * has a stretch.
 */

/** Between words: ASCII without letters and digits, punctuation and symbols of the scripts in use, private use, pictographs. */
const SEPARATORS: readonly (readonly [first: number, last: number])[] = [
  [0x00, 0x2f],
  [0x3a, 0x40],
  [0x5b, 0x60],
  [0x7b, 0xa9],
  [0xab, 0xb1],
  [0xb4, 0xb4],
  [0xb6, 0xb8],
  [0xbb, 0xbb],
  [0xbf, 0xbf],
  [0xd7, 0xd7],
  [0xf7, 0xf7],
  [0x37e, 0x37e],
  [0x387, 0x387],
  [0x55a, 0x55f],
  [0x589, 0x58a],
  [0x5be, 0x5be],
  [0x5c0, 0x5c0],
  [0x5c3, 0x5c3],
  [0x5f3, 0x5f4],
  [0x609, 0x60d],
  [0x61b, 0x61f],
  [0x66a, 0x66d],
  [0x6d4, 0x6d4],
  [0x964, 0x965],
  [0xe4f, 0xe4f],
  [0xe5a, 0xe5b],
  [0xf04, 0xf14],
  [0x104a, 0x104f],
  [0x1360, 0x1368],
  [0x1680, 0x1680],
  [0x17d4, 0x17db],
  [0x1800, 0x180a],
  [0x2000, 0x206f],
  [0x20a0, 0x20cf],
  [0x2190, 0x245f],
  [0x2500, 0x2775],
  [0x2794, 0x2bff],
  [0x2e00, 0x2e7f],
  [0x2ff0, 0x3004],
  [0x3008, 0x3020],
  [0x3030, 0x3030],
  [0x303d, 0x303f],
  [0x30a0, 0x30a0],
  [0x30fb, 0x30fb],
  [0xe000, 0xf8ff],
  [0xfd3e, 0xfd3f],
  [0xfe10, 0xfe1f],
  [0xfe30, 0xfe6f],
  [0xfeff, 0xff0f],
  [0xff1a, 0xff20],
  [0xff3b, 0xff40],
  [0xff5b, 0xff65],
  [0xffe0, 0xffff],
  [0x1f000, 0x1fbff],
];
/** Written without spaces: kana, ideographs, hangul. Every character and every pair of neighbours counts as a word. */
const UNSPACED: readonly (readonly [first: number, last: number])[] = [
  [0x3040, 0x30ff],
  [0x3400, 0x9fff],
  [0xac00, 0xd7af],
  [0xf900, 0xfaff],
];

const [SEPARATOR, LETTER, UNSPACED_LETTER] = [0, 1, 2];
const KINDS = kindsOfCodeUnits();
/** Of the escapes of JSON text: what stands behind the backslash. They separate words. */
const ESCAPED = new Set('nrtbf"\\/');
const BACKSLASH = 0x5c;
/** Longer words count by their beginning. In UTF-16 code units. */
const WORD_MAX = 64;

export type Term = { readonly text: string; readonly isWhole: boolean };

/**
 * The text without upper case, one character for one, wherever it stands: JavaScript's own way writes a capital sigma
 * differently at the end of a word, and a dotted capital I as two characters.
 */
export function fold(text: string): string {
  return text.replace(/[\u0130\u03a3\u03c2]/g, (letter) => (letter === '\u0130' ? 'i' : 'σ')).toLowerCase();
}

/** The words of a text, folded, and of what is written without spaces every character and pair of neighbours. */
export function wordsOf(text: string): Set<string> {
  const words = new Set<string>();
  eachWord(text, (word) => words.add(word));
  return words;
}

/** As {@link wordsOf}, one after the other and each as often as it is there. Regular expressions took five times as long. */
export function eachWord(text: string, take: (word: string) => void): void {
  const folded = fold(text);
  let begin = -1;
  let wasUnspaced = false;
  for (let at = 0; at <= folded.length; at += 1) {
    const code = at < folded.length ? folded.charCodeAt(at) : 0;
    const kind = KINDS[code];
    if (kind === LETTER) {
      if (begin < 0) begin = at;
      wasUnspaced = false;
      continue;
    }
    if (begin >= 0) take(folded.slice(begin, Math.min(at, begin + WORD_MAX)));
    begin = -1;
    if (kind === UNSPACED_LETTER) {
      take(folded[at]);
      if (wasUnspaced) take(folded.slice(at - 1, at + 1));
      wasUnspaced = true;
      continue;
    }
    wasUnspaced = false;
    if (code >= 0xd800 && code <= 0xdbff)
      at += 1; // the other half of a pictograph
    else if (code === BACKSLASH && ESCAPED.has(folded[at + 1] ?? '')) at += 1;
  }
}

/** What is looked for: words that must be whole, and runs without spaces that may be anywhere. */
export function termsOf(query: string): Term[] {
  const terms: Term[] = [];
  let run = '';
  let runKind = SEPARATOR;
  const end = () => {
    if (run !== '') terms.push({ text: run, isWhole: runKind === LETTER });
    run = '';
  };
  for (const letter of fold(query)) {
    const kind = KINDS[letter.charCodeAt(0)];
    if (kind !== runKind) end();
    runKind = kind;
    if (kind !== SEPARATOR) run += letter;
  }
  end();
  return terms;
}

/** Those of the words of a query that say most: of a run without spaces the pairs, when it has one. */
export function soughtWords(query: string): string[] {
  return termsOf(query).flatMap(({ text, isWhole }) => {
    if (isWhole) return [text.slice(0, WORD_MAX)];
    return text.length === 1 ? [text] : Array.from(text.slice(1), (letter, at) => text[at] + letter);
  });
}

/**
 * A regular expression of PostgreSQL (case-sensitive, "advanced") that matches the texts with the term in them. A word begins
 * behind a separator, or behind a whole escape: `\nx` is a line end and `x`, `\\nx` a backslash and `nx`.
 */
export function patternOf({ text, isWhole }: Term): string {
  const letters = Array.from(text, anyCaseOf).join('');
  if (!isWhole) return letters;
  const escape = String.raw`(?:^|[^\\])(?:\\\\)*\\[nrtbfNRTBF\\]`;
  const oddBackslash = ESCAPED.has(text[0]) ? '' : String.raw`|(?:^|[^\\])(?:\\\\)*\\`;
  return `(?:^|[${BOUNDARIES}]|${escape}${oddBackslash})${letters}(?:$|[${BOUNDARIES}\\\\])`;
}

/** Without the backslash, which has its own rules in front of a word. */
const BOUNDARIES = [...SEPARATORS, ...UNSPACED]
  .flatMap(([first, last]) =>
    first <= BACKSLASH && BACKSLASH <= last
      ? [range(first, BACKSLASH - 1), range(BACKSLASH + 1, last)]
      : [range(Math.max(first, 1), last)],
  )
  .join('');

function range(first: number, last: number): string {
  return first === last ? escaped(first) : `${escaped(first)}-${escaped(last)}`;
}

function escaped(code: number): string {
  return `\\U${code.toString(16).padStart(8, '0')}`;
}

function anyCaseOf(letter: string): string {
  unfolded ??= inverseOfFold();
  const others = unfolded.get(letter);
  return others === undefined ? letter : `[${letter}${others.join('')}]`;
}

let unfolded: ReadonlyMap<string, readonly string[]> | undefined;

/** Above these there are no letters of two cases. */
const CASES_END = 0x1ea00;

function inverseOfFold(): Map<string, string[]> {
  const inverse = new Map<string, string[]>();
  for (let code = 0x41; code < CASES_END; code += 1) {
    if (code >= 0xd800 && code <= 0xdfff) continue;
    const letter = String.fromCodePoint(code);
    const folded = fold(letter);
    if (folded === letter) continue;
    const others = inverse.get(folded);
    if (others) others.push(letter);
    else inverse.set(folded, [letter]);
  }
  return inverse;
}

/** By UTF-16 code unit; of a pair of surrogates the first decides, and the second is a letter's or was skipped. */
function kindsOfCodeUnits(): Uint8Array {
  const kinds = new Uint8Array(0x10000).fill(LETTER);
  for (const [first, last] of UNSPACED) kinds.fill(UNSPACED_LETTER, first, last + 1);
  for (const [first, last] of SEPARATORS) {
    if (last <= 0xffff) kinds.fill(SEPARATOR, first, last + 1);
    else kinds.fill(SEPARATOR, leadOf(first), leadOf(last) + 1);
  }
  return kinds;
}

function leadOf(code: number): number {
  return String.fromCodePoint(code).charCodeAt(0);
}
