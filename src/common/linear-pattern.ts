import { RE2JS, RE2JSException } from 're2js';

/** A pattern that is matched in time linear in the text, whatever both are. */
export type LinearPattern = { readonly test: (text: string) => boolean };

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
    return { test: (text) => pattern.test(text) };
  } catch (error) {
    if (error instanceof RE2JSException) return undefined;
    throw error;
  }
}
