/** Of a welcome, in characters. An agent that writes more has lost its way. */
export const WELCOME_MAX = 4000;

/**
 * Control characters but line feed and tab, marks that turn the direction of what follows or hide text, and line separators that some
 * readers take for the end of a script.
 */
const UNFIT = /(?![\n\t])[\p{Cc}\u2028\u2029\u202a-\u202e\u2066-\u2069\ufeff\u{e0000}-\u{e007f}]/gu;

/**
 * The text of an agent as it may be stored and shown: it comes from a model that has read what strangers wrote. It is plain text;
 * whoever shows it escapes it.
 *
 * @returns Null: there is nothing left, or it is longer than {@link WELCOME_MAX}.
 */
export function toWelcomeText(text: string): string | null {
  const clean = toPlainText(text);
  return clean === '' || clean.length > WELCOME_MAX ? null : clean;
}

/** Without what does not belong into a text that is shown, at most two line feeds in a row. */
export function toPlainText(text: string): string {
  return text
    .toWellFormed()
    .replaceAll(/\r\n?/g, '\n')
    .replaceAll(UNFIT, '')
    .replaceAll(/\n{3,}/g, '\n\n')
    .trim();
}
