import type { IncomingMessage } from 'node:http';
import { createBrotliDecompress, createGunzip, createInflate } from 'node:zlib';
import { readBytes } from '../../platform/network/guarded-http.js';
import { cutText, shortenText } from '../../platform/cut-text.js';
import { ToolContent } from '../../tools/tool-result.js';
import { AnswerError, errorOfAnswer } from './answer-error.js';
import { nextPageHint } from './next-page.js';
import { bareType, isJsonType, isTextType } from './media-types.js';
import type { RequestRecipe } from './recipe.js';

const ERROR_BODY_MAX_BYTES = 65_536;
const TITLE_MAX = 120; // characters
const UNPACK = {
  gzip: createGunzip,
  'x-gzip': createGunzip,
  deflate: createInflate,
  br: createBrotliDecompress,
} as const;
/** Of a HEAD's answer. */
const NOT_TOLD =
  /^(?:set-cookie|connection|keep-alive|transfer-encoding|date|server|strict-transport-security|content-security-policy.*)$/;

export type ReadOptions = {
  readonly recipe: RequestRecipe;
  /** Bytes of a body, unpacked. */
  readonly maxBytes: number;
};

/**
 * Makes what an API answered the result of a tool: JSON as data, text as text, images and sounds as what they are, other bytes as a resource.
 *
 * @throws {AnswerError} It says no; with the API's own words.
 * @throws {UnavailableError} It cannot serve now, or asks to be asked later.
 */
export async function readAnswer(
  answer: IncomingMessage,
  { recipe, maxBytes }: ReadOptions,
): Promise<unknown> {
  const { statusCode: status = 0, headers } = answer;
  const isGood = status >= 200 && status < 300;
  const type = bareType(headers['content-type'] ?? '');
  if (!isGood) {
    const beginning = await unpacked(answer, (body) => readBeginning(body, ERROR_BODY_MAX_BYTES));
    throw errorOfAnswer({ status, type, headers, text: beginning.toString('utf8') });
  }
  const bytes = await unpacked(answer, (body) => readBytes(body, maxBytes));
  if (bytes === undefined)
    throw new AnswerError(`The API's answer has more than the ${maxBytes} bytes allowed; ask for less`);
  if (recipe.method === 'HEAD') return headersOf(status, headers);
  if (bytes.length === 0) return done(status, headers);
  return contentOf(bytes, { type, recipe, headers });
}

type Content = {
  readonly type: string;
  readonly recipe: RequestRecipe;
  readonly headers: IncomingMessage['headers'];
};

function contentOf(bytes: Buffer, { type, recipe, headers }: Content): unknown {
  const isPromisedJson = recipe.answerType === undefined || isJsonType(recipe.answerType);
  const isUnsaid = type === '' || type === 'application/octet-stream';
  if (isJsonType(type) || (isPromisedJson && (isUnsaid || type === 'text/plain'))) {
    const text = textOf(bytes, headers);
    const data = parsed(text);
    if (data !== undefined) return withHint(data.value, headers);
    if (isJsonType(type))
      throw new AnswerError(
        `The API answered with what is not JSON, although it says so: ${shortenText(text, 300)}`,
      );
    return text;
  }
  const isPage = type === 'text/html' || type === 'application/xhtml+xml';
  const wantsPage = recipe.answerType !== undefined && bareType(recipe.answerType) === type;
  if (isPage && !wantsPage)
    throw new AnswerError(
      `A page came back in place of the API's answer${titleOf(bytes)}: a sign-in page or a proxy stands before the API, or its base URL is wrong`,
    );
  if (isTextType(type) || type === '') return textOf(bytes, headers);
  const data = bytes.toString('base64');
  if (type.startsWith('image/') && type !== 'image/svg+xml')
    return new ToolContent([{ type: 'image', data, mimeType: type }]);
  if (type.startsWith('audio/')) return new ToolContent([{ type: 'audio', data, mimeType: type }]);
  const uri = `data:${type};bytes=${bytes.length}`;
  return new ToolContent([{ type: 'resource', resource: { uri, mimeType: type, blob: data } }]);
}

async function unpacked<Read>(
  answer: IncomingMessage,
  read: (body: AsyncIterable<Buffer>) => Promise<Read>,
): Promise<Read> {
  const encoding = (answer.headers['content-encoding'] ?? 'identity').toLowerCase();
  if (encoding === 'identity' || encoding === '') return read(answer as AsyncIterable<Buffer>);
  if (!(encoding in UNPACK))
    throw new AnswerError(
      `The API's answer is packed in a way that was not asked for (${cutText(encoding, 30)})`,
    );
  const unpacking = UNPACK[encoding as keyof typeof UNPACK]();
  answer.on('error', (error) => unpacking.destroy(error));
  try {
    return await read(answer.pipe(unpacking) as AsyncIterable<Buffer>);
  } catch (cause) {
    const { code = '' } = cause as { readonly code?: string };
    if (!/^(?:Z_|ERR_.*BROTLI|ERR__ERROR)/.test(code)) throw cause;
    throw new AnswerError('The API said that its answer is packed, and it cannot be unpacked', { cause });
  } finally {
    answer.destroy();
    unpacking.destroy();
  }
}

/** What is beyond the limit does not matter: the beginning says what is wrong. */
async function readBeginning(body: AsyncIterable<Buffer>, maxBytes: number): Promise<Buffer> {
  const pieces: Buffer[] = [];
  let bytes = 0;
  for await (const piece of body) {
    pieces.push(piece);
    bytes += piece.length;
    if (bytes >= maxBytes) break;
  }
  return Buffer.concat(pieces).subarray(0, maxBytes);
}

function textOf(bytes: Buffer, headers: IncomingMessage['headers']): string {
  const charset = /charset="?([\w-]+)/i.exec(headers['content-type'] ?? '')?.[1] ?? 'utf-8';
  try {
    return new TextDecoder(charset).decode(bytes);
  } catch {
    return bytes.toString('utf8'); // a name that nobody knows
  }
}

function parsed(text: string): { readonly value: unknown } | undefined {
  try {
    return { value: JSON.parse(text) };
  } catch {
    return undefined;
  }
}

function withHint(value: unknown, headers: IncomingMessage['headers']): unknown {
  const hint = nextPageHint(headers.link);
  if (hint === undefined) return value;
  const structured = Array.isArray(value) ? { result: value } : value;
  if (typeof structured !== 'object' || structured === null) return value;
  return new ToolContent(
    [
      { type: 'text', text: JSON.stringify(value) },
      { type: 'text', text: hint },
    ],
    structured as Readonly<Record<string, unknown>>,
  );
}

function done(status: number, { location }: IncomingMessage['headers']): string {
  const where = location === undefined ? '' : ` It is at ${cutText(location, 500)}`;
  return `Done: the API answered ${status} without a body.${where}`;
}

function headersOf(status: number, headers: IncomingMessage['headers']) {
  return {
    status,
    headers: Object.fromEntries(Object.entries(headers).filter(([name]) => !NOT_TOLD.test(name))),
  };
}

function titleOf(bytes: Buffer): string {
  const [, title] = /<title[^>]*>([^<]*)/i.exec(bytes.toString('utf8', 0, 8192)) ?? [];
  return title === undefined || title.trim() === '' ? '' : ` ("${shortenText(title.trim(), TITLE_MAX)}")`;
}
