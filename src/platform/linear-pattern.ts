import { RE2JS, RE2JSException } from 're2js';

/** Characters times instructions, which are done at once. The slowest expressions need 20 ns each, so 10 ms; most a hundredth of that. */
const WORK_MAX = 2 ** 19;

/** The data cannot be checked in a time that others could be made to wait. No answer to the question: below a `not` it would turn round. */
export class TooCostlyError extends Error {
  constructor() {
    super('checking against it takes too long');
  }
}

/** A pattern that is matched in time linear in the text, whatever both are. */
export type LinearPattern = {
  /** @throws {TooCostlyError} The text is so long that the pattern's size would make matching it take long. */
  readonly test: (text: string) => boolean;
  /** Instructions: each may be looked at for each character. */
  readonly size: number;
};

/**
 * Compiles a regular expression that somebody else wrote with RE2, which does not backtrack.
 *
 * @param source In JavaScript's syntax, without look-around, back references and script classes, which no such engine has.
 * @returns Undefined: it is no regular expression, or needs what RE2 does not have.
 * @see https://github.com/google/re2/wiki/Syntax
 */
export function compileLinear(source: string): LinearPattern | undefined {
  try {
    const pattern = RE2JS.compile(RE2JS.translateRegExp(source));
    const size = pattern.programSize();
    const test = (text: string): boolean => {
      if (text.length * size > WORK_MAX) throw new TooCostlyError();
      return pattern.test(text);
    };
    return { test, size };
  } catch (error) {
    if (error instanceof RE2JSException) return undefined;
    throw error;
  }
}
