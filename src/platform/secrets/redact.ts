import { SECRET_VALUE, SECRET_VALUE_HINT } from './secret-shapes.js';

const REDACTED = '[redacted]';

/** Property names whose values are secrets, wherever they stand. */
const SECRET_NAME =
  /passw(or)?d|passphrase|secret|api[-_]?key|access[-_]?key|private[-_]?key|authori[sz]ation|credential|cookie|(access|refresh|id|auth|bearer|session)[-_]?token|密码|口令|^(?:token|pwd|pass|pin|otp)$/i;

/** A text with what looks like a secret replaced; names such as `password` before a value are not looked at. */
export function replaceSecrets(text: string, replacement: string): string {
  return text
    .replace(SECRET_VALUE, () => replacement)
    .replace(URL_PASSWORD, (_match, before: string) => `${before}${replacement}@`);
}

/** The password of a URL, and the value behind a secret's name in JSON that stands in a sentence. */
const URL_PASSWORD = /(:\/\/[^\s:@/]{0,100}:)[^\s@/]{1,200}@/g;
const QUOTED_PASSWORD = /("(?:password|passwd|secret|token|api_?key)"\s{0,8}:\s{0,8})"[^"]{0,500}"/gi;

/** Cheap test over the JSON text; most calls hold nothing that even looks like a secret. */
const MAY_HOLD_SECRET = new RegExp(
  String.raw`passw|passphrase|secret|api[-_]?key|access[-_]?key|private[-_]?key|authori[sz]ation|credential|cookie|token|密码|口令|"(?:pwd|pass|pin|otp)\\?"|${SECRET_VALUE_HINT}|:\/\/[^\s:@/]{0,100}:`,
  'i',
);

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
      SECRET_NAME.test(name) ? REDACTED : redact(value),
    ]),
  );
}

/** A text block of a result often is JSON itself: then names count inside it too. */
function redactString(text: string): string {
  if (/^\s*[[{]/.test(text) && SECRET_NAME_IN_JSON.test(text)) {
    try {
      return JSON.stringify(redact(JSON.parse(text)));
    } catch {
      // Not JSON after all.
    }
  }
  return redactValues(text);
}

function redactValues(text: string): string {
  return text
    .replace(SECRET_VALUE, REDACTED)
    .replace(URL_PASSWORD, `$1${REDACTED}@`)
    .replace(QUOTED_PASSWORD, `$1"${REDACTED}"`);
}

const SECRET_NAME_IN_JSON = new RegExp(SECRET_NAME.source.replaceAll('^', '"').replaceAll('$', '"'), 'i');
