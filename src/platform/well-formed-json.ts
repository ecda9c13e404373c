/** How `JSON.stringify` writes half of a surrogate pair; a whole one it leaves as it is. */
const LONE_HALF = /(?<!\\)((?:\\\\)*)\\ud[89a-f][0-9a-f]{2}/g;

/**
 * Writes a value as JSON that every reader takes: what was half of a character, because somebody cut it or sent it so, becomes
 * U+FFFD. Python's readers refuse the whole text otherwise.
 */
export function wellFormedJson(value: unknown): string {
  const json = JSON.stringify(value);
  return json.includes('\\ud') ? json.replace(LONE_HALF, '$1\uFFFD') : json;
}
