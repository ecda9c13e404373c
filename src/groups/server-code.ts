import { randomInt } from 'node:crypto';

/** Path segments of our own, and those that clients give a meaning to (Dify picks its transport by the last one). */
const RESERVED: readonly string[] = ['mcp', 'sse', 'ws', 'server', 'oauth', 'admin'];

export const SERVER_CODE = /^[a-z0-9][a-z0-9-]{2,31}$/;

const ADJECTIVES =
  'amber brave bright calm clear clever cosmic daring eager early fair fleet gentle golden happy honest jolly keen kind lively lucky mellow merry misty noble polite proud quick quiet rapid royal sharp silent silver smart smooth solar steady sunny swift tidy warm wise witty'.split(
    ' ',
  );
const NOUNS =
  'badger beacon bison breeze brook canyon cedar comet condor coral crane delta falcon fern fjord forest garden glacier harbor heron island kestrel lagoon lantern lark lynx maple meadow meteor orchid osprey otter panda pebble pine plover prairie raven reef river robin sparrow spruce tiger'.split(
    ' ',
  );
/** Without 0, 1, i, l, o: they are taken for each other. */
const LETTERS = '23456789abcdefghjkmnpqrstuvwxyz';
const SUFFIX_LENGTH = 5;

/** A code that can be read aloud, e.g. `amber-otter-7k3qm`. Not a secret. */
export function generateServerCode(): string {
  const suffix = Array.from({ length: SUFFIX_LENGTH }, () => LETTERS.charAt(randomInt(LETTERS.length))).join(
    '',
  );
  return [ADJECTIVES[randomInt(ADJECTIVES.length)], NOUNS[randomInt(NOUNS.length)], suffix].join('-');
}

/** @returns What is wrong with a chosen code, or null. */
export function findServerCodeProblem(code: string): string | null {
  if (!SERVER_CODE.test(code)) {
    return 'must be 3 to 32 of a-z, 0-9 and -, and begin with a letter or digit';
  }
  return RESERVED.includes(code) ? `is reserved; so are ${RESERVED.join(', ')}` : null;
}
