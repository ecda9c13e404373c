import { STATUS_CODES, type IncomingHttpHeaders } from 'node:http';
import { AppError, BusyError, UnavailableError } from '../../platform/errors.js';
import { shortenText } from '../../platform/cut-text.js';
import { isPlainObject } from '../../platform/plain-object.js';
import { readRetryAfter } from '../../platform/network/retry-after.js';
import { redactText } from '../../platform/secrets/redact.js';
import { plainText } from './plain-text.js';

const MESSAGE_MAX = 1000; // characters
const DETAILS_MAX = 10;
/** Where APIs say in words what is wrong; RFC 9457 says `title` and `detail`. */
const SAID = [
  'detail',
  'message',
  'error_description',
  'error',
  'title',
  'errorMessage',
  'reason',
  'msg',
  'description',
];
const LISTED = ['errors', 'details', 'invalid-params', 'violations', 'detail'];
const NOW_AWAY = new Set([408, 425, 502, 503, 504]);
const DEFAULT_WAIT_SECONDS = 30;

/** The API answered, and its answer is no result. */
export class AnswerError extends AppError {
  readonly code = 'api_error';
  readonly status = 502;
}

export type BadAnswer = {
  readonly status: number;
  readonly type: string;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
};

/** Makes an error of an answer that says no, with the API's own words and what helps. */
export function errorOfAnswer({ status, type, headers, text }: BadAnswer): AppError {
  const said = saidIn(type, text);
  const name = STATUS_CODES[status] ?? '';
  const what = `The API answered ${status}${name === '' ? '' : ` ${name}`}`;
  const message = `${what}${said === '' ? '' : `: ${said}`}`;
  const advice = ADVICE[status];
  const waitMs = readRetryAfter([headers['retry-after'] ?? ''].flat()[0]);
  if (status === 429 || (NOW_AWAY.has(status) && waitMs !== undefined)) {
    const seconds = waitMs === undefined ? DEFAULT_WAIT_SECONDS : Math.max(1, Math.ceil(waitMs / 1000));
    return new BusyError(ended(message, `Try again in ${seconds} s`), seconds);
  }
  if (NOW_AWAY.has(status)) return new UnavailableError(message);
  return new AnswerError(advice === undefined ? message : ended(message, advice));
}

const ADVICE: Readonly<Record<number, string>> = {
  401: 'The credentials that were set for this API are missing, wrong or have expired: tell an administrator',
  403: 'The credentials that were set for this API do not allow this',
};

function ended(message: string, advice: string): string {
  return `${message}${/[.!?]$/.test(message) ? '' : '.'} ${advice}`;
}

function saidIn(type: string, text: string): string {
  const trimmed = text.trim();
  if (trimmed === '') return '';
  if (type.includes('html') || /^<(?:!doctype|html)/i.test(trimmed)) return ofPage(trimmed);
  try {
    return redactText(shortenText(ofJson(JSON.parse(trimmed)), MESSAGE_MAX));
  } catch {
    return redactText(shortenText(plainText(trimmed), MESSAGE_MAX));
  }
}

/** A page of a proxy says in its title or heading what there is to say; the rest is markup. */
function ofPage(page: string): string {
  const [, title = ''] = /<title[^>]*>([^<]*)/i.exec(page) ?? [];
  const [, heading = ''] = /<h1[^>]*>([^<]*)/i.exec(page) ?? [];
  const said = plainText(title.trim() === '' ? heading : title);
  return said === '' ? 'a page of HTML' : `a page of HTML, "${shortenText(said, 200)}"`;
}

function ofJson(body: unknown): string {
  if (typeof body === 'string') return body;
  if (Array.isArray(body)) return body.slice(0, DETAILS_MAX).map(ofJson).filter(Boolean).join('; ');
  if (!isPlainObject(body)) return JSON.stringify(body);
  const own = SAID.flatMap((name) => {
    const value = body[name];
    if (typeof value === 'string' && value.trim() !== '') return [value.trim()];
    return name === 'error' && isPlainObject(value) ? [ofJson(value)] : [];
  });
  const [first] = own;
  const listed = LISTED.flatMap((name) => itemsOf(body[name])).slice(0, DETAILS_MAX);
  const words = [...(first === undefined ? [] : [first]), ...listed.filter((one) => one !== first)];
  return words.length > 0 ? words.join('; ') : JSON.stringify(body);
}

/** `["…"]`, `[{ field, message }]` or `{ field: ["…"] }`. */
function itemsOf(list: unknown): string[] {
  if (isPlainObject(list))
    return Object.entries(list).map(
      ([name, value]) =>
        `${name}: ${[value]
          .flat()
          .map((one) => (typeof one === 'string' ? one : ofJson(one)))
          .join(', ')}`,
    );
  if (!Array.isArray(list)) return [];
  return list.map((item: unknown) => {
    if (!isPlainObject(item)) return typeof item === 'string' ? item : JSON.stringify(item);
    const place = item['field'] ?? item['path'] ?? item['loc'] ?? item['name'] ?? item['pointer'];
    const at = Array.isArray(place) ? place.join('.') : typeof place === 'string' ? place : undefined;
    const said = ofJson(item);
    return at === undefined || said.includes(at) ? said : `${at}: ${said}`;
  });
}
