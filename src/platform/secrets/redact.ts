import { redactMembers } from './quoted-members.js';
import { isSecretName, SECRET_NAME_HINT } from './secret-names.js';
import { SECRET_VALUE, SECRET_VALUE_HINT } from './secret-shapes.js';

const REDACTED = '[redacted]';

/** A text with what looks like a secret replaced; names such as `password` before a value are not looked at. */
export function replaceSecrets(text: string, replacement: string): string {
  return text
    .replace(SECRET_VALUE, () => replacement)
    .replace(URL_PASSWORD, (_match, before: string) => `${before}${replacement}@`);
}

/** The password of a URL. */
const URL_PASSWORD = /(:\/\/[^\s:@/]{0,100}:)[^\s@/]{1,200}@/g;

/** Cheap test over the JSON text; most calls hold nothing that even looks like a secret. */
const MAY_HOLD_SECRET = new RegExp(
  String.raw`${SECRET_NAME_HINT}|${SECRET_VALUE_HINT}|:\/\/[^\s:@/]{0,100}:`,
  'i',
);
const MAY_HOLD_SECRET_NAME = new RegExp(SECRET_NAME_HINT, 'i');

/** An escape Postgres refuses in jsonb: NUL, or half of a surrogate pair (JSON.stringify escapes only lone ones). */
const UNSTORABLE_ESCAPE = /(?<!\\)((?:\\\\)*)\\u(?:0000|[dD][89a-fA-F][0-9a-fA-F]{2})/g;

/**
 * JSON text of a request or result as the call log keeps it: secrets replaced, storable as jsonb, at most `maxBytes`
 * (then an object that says how much was cut and shows the beginning).
 *
 * @returns null for undefined.
 */
export function toLogJson(value: unknown, maxBytes: number): string | null {
  let text = value === undefined ? undefined : JSON.stringify(value);
  if (text === undefined) return null;
  if (MAY_HOLD_SECRET.test(text)) text = JSON.stringify(redact(JSON.parse(text)));
  text = toStorableJson(text);
  const bytes = text.length * 3 <= maxBytes ? 0 : Buffer.byteLength(text);
  if (bytes <= maxBytes) return text;
  const preview = Buffer.from(text)
    .subarray(0, maxBytes)
    .toString('utf8')
    .replace(/\uFFFD{1,3}$/, ''); // of the character that was cut
  return JSON.stringify({ truncated: true, bytes, preview });
}

/** JSON text as Postgres takes it for jsonb: what it refuses becomes U+FFFD. */
export function toStorableJson(json: string): string {
  return json.includes('\\u') ? json.replace(UNSTORABLE_ESCAPE, '$1\\ufffd') : json;
}

/** Text as it may be kept or logged: secrets in it replaced, no NUL. */
export function redactText(text: string): string {
  if (!MAY_HOLD_SECRET.test(text) && !text.includes('\u0000') && text.isWellFormed()) return text;
  return redactValues(text).replaceAll('\u0000', '\uFFFD').toWellFormed();
}

function redact(node: unknown): unknown {
  if (typeof node === 'string') return redactString(node);
  if (Array.isArray(node)) return node.map(redact);
  if (typeof node !== 'object' || node === null) return node;
  return Object.fromEntries(
    Object.entries(node).map(([name, value]) => [
      redactText(name),
      isSecretName(name) ? REDACTED : redact(value),
    ]),
  );
}

/** A text block of a result often is JSON itself: then names count inside it too. */
function redactString(text: string): string {
  if (/^\s*[[{]/.test(text) && MAY_HOLD_SECRET_NAME.test(text)) {
    try {
      return JSON.stringify(redact(JSON.parse(text)));
    } catch {
      // Not JSON after all.
    }
  }
  return redactValues(text);
}

function redactValues(text: string): string {
  const plain = text.replace(SECRET_VALUE, REDACTED).replace(URL_PASSWORD, `$1${REDACTED}@`);
  return redactMembers(plain, isSecretName, REDACTED);
}
