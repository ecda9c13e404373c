/**
 * Reads where requests to a URL go: secrets that are sent there are asked for again when it changes.
 *
 * @returns Null: the text is no URL.
 */
export function originOfUrl(text: string): string | null {
  return URL.canParse(text) ? new URL(text).origin : null;
}
