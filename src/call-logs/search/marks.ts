/** What the guide says of one record: hashes, from which nothing can be read back. */
export type Markable = {
  readonly groupId: string;
  readonly toolName: string;
  readonly callerAppId: string | null;
  readonly keyId: string | null;
  readonly userId: string | null;
  readonly success: boolean;
  readonly errorKind: string | null;
  readonly durationMs: number;
};

/** Milliseconds; the guide knows of each stretch whether it has calls at least or at most as long. */
const LONG_MS = [
  100, 150, 200, 300, 500, 700, 1000, 1500, 2000, 3000, 5000, 7000, 10_000, 15_000, 20_000, 30_000, 60_000,
  100_000,
] as const;
const SHORT_MS = [0.3, 1, 3, 10] as const;

const RUN = /[\p{L}\p{N}]+/gu;
/** Written without spaces: kana, ideographs, hangul. */
const UNSPACED = /[\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff\uac00-\ud7af]+/gu;
const LETTER = /[\p{L}\p{N}]/u;
const WORD_MAX = 64;
const [BACKSLASH, ESCAPED] = [0x5c, new Set('nrtbf"\\/')];

/** The words of a text, lower case, and of what is written without spaces every single character and pair of neighbours. */
export function wordsOf(text: string): Set<string> {
  const words = new Set<string>();
  addWords(words, text);
  return words;
}

/** As {@link wordsOf}, into a set. Goes by characters: regular expressions took five times as long. */
export function addWords(words: Set<string>, text: string): void {
  const lower = text.toLowerCase();
  let begin = -1;
  let wasUnspaced = false;
  for (let at = 0; at <= lower.length; at += 1) {
    const code = at < lower.length ? lower.charCodeAt(at) : 0;
    const isPlain = (code >= 0x61 && code <= 0x7a) || (code >= 0x30 && code <= 0x39);
    const isUnspaced = code >= 0x3040 && isWithoutSpaces(code);
    if (isPlain || (code >= 0x80 && !isUnspaced && isLetter(lower, at))) {
      if (begin < 0) begin = at;
      wasUnspaced = false;
      continue;
    }
    if (begin >= 0 && at - begin <= WORD_MAX) words.add(lower.slice(begin, at));
    begin = -1;
    if (isUnspaced) {
      words.add(lower[at]);
      if (wasUnspaced) words.add(lower.slice(at - 1, at + 1));
    }
    wasUnspaced = isUnspaced;
    // Escapes of JSON text stand for what separates words. Also in SEARCHED_TEXT.
    if (code === BACKSLASH && ESCAPED.has(lower[at + 1] ?? '')) at += 1;
  }
}

function isWithoutSpaces(code: number): boolean {
  return (
    code <= 0x30ff ||
    (code >= 0x3400 && code <= 0x9fff) ||
    (code >= 0xf900 && code <= 0xfaff) ||
    (code >= 0xac00 && code <= 0xd7af)
  );
}

function isLetter(text: string, at: number): boolean {
  const code = text.charCodeAt(at);
  if (code >= 0xd800 && code <= 0xdfff) {
    const first = code <= 0xdbff ? at : at - 1; // half of a pair of surrogates
    return LETTER.test(String.fromCodePoint(text.codePointAt(first) ?? 0));
  }
  return LETTER.test(text[at]);
}

/** What is looked for: words that must be whole, and runs without spaces that may be anywhere. */
export function termsOf(query: string): { readonly text: string; readonly isWhole: boolean }[] {
  return [...query.toLowerCase().matchAll(RUN)].flatMap(([run]) => [
    ...[...run.matchAll(UNSPACED)].map(([text]) => ({ text, isWhole: false })),
    ...run
      .split(UNSPACED)
      .filter((text) => text !== '')
      .map((text) => ({ text, isWhole: true })),
  ]);
}

/** The properties of a call by which it can be sought. */
export function traitsOf(call: Partial<Markable>): string[] {
  const { groupId, toolName, callerAppId, keyId, userId, success, errorKind } = call;
  const traits: string[] = [];
  if (groupId !== undefined) traits.push(`group ${groupId}`);
  if (toolName !== undefined) traits.push(`tool ${toolName}`);
  if (callerAppId !== undefined && callerAppId !== null) traits.push(`caller ${callerAppId}`);
  if (keyId !== undefined && keyId !== null) traits.push(`key ${keyId}`);
  if (userId !== undefined && userId !== null) traits.push(`user ${userId}`);
  if (success !== undefined) traits.push(success ? 'succeeded' : 'failed');
  if (errorKind !== undefined && errorKind !== null) traits.push(`kind ${errorKind}`);
  return traits;
}

/** Of one call: all limits that it reaches. */
export function durationTraits(durationMs: number): string[] {
  return [
    ...LONG_MS.filter((limit) => durationMs >= limit).map((limit) => `long ${limit}`),
    ...SHORT_MS.filter((limit) => durationMs <= limit).map((limit) => `short ${limit}`),
  ];
}

/** Of what is sought: the narrowest limit that every call in question reaches. */
export function soughtDurationTraits({ min, max }: { min?: number; max?: number }): string[] {
  const long = min === undefined ? undefined : LONG_MS.findLast((limit) => limit <= min);
  const short = max === undefined ? undefined : SHORT_MS.find((limit) => limit >= max);
  return [
    ...(long === undefined ? [] : [`long ${long}`]),
    ...(short === undefined ? [] : [`short ${short}`]),
  ];
}

/** Each alone and each with each other one: two common properties are rare together, and that is what is asked for. */
export function pairsOf(traits: readonly string[]): string[] {
  const sorted = traits.toSorted();
  return sorted.flatMap((trait, at) => [trait, ...sorted.slice(at + 1).map((other) => `${trait}\n${other}`)]);
}

/** FNV-1a, 32 bits. Another tenant's marks are others, so that no list in the index is of all tenants. */
export function markOf(tenantId: string, what: string): number {
  let hash = 0x811c9dc5;
  for (const text of [tenantId, what]) {
    for (let at = 0; at < text.length; at += 1) {
      hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193);
    }
  }
  return hash | 0;
}
