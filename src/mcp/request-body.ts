import type { IncomingMessage } from 'node:http';
import { ProtocolErrorCode } from '@modelcontextprotocol/server';
import { foreignCharset, utf8Text } from '../platform/body-text.js';
import type { Config } from '../platform/config.js';
import { shortenText } from '../platform/cut-text.js';
import { isPlainObject } from '../platform/plain-object.js';
import { keepExactIds } from './exact-number.js';
import { type JsonShape, jsonShapeFault } from '../platform/json-shape.js';
import { withoutAbsentParams } from './absent-params.js';
import { HttpRefusal } from './http-refusal.js';

export type BodyLimits = {
  readonly maxBytes: number;
  readonly timeoutMs: number;
  readonly shape: JsonShape;
};

export function bodyLimits({ env }: Config): BodyLimits {
  return {
    maxBytes: env.MCP_BODY_MAX_BYTES,
    timeoutMs: env.MCP_BODY_TIMEOUT_MS,
    shape: bodyShape(env),
  };
}

const ENVELOPE_MAX_VALUES = 1000;

/** More than arguments may hold, for what is around them; a call with a little too much is told so, and is on record. */
export function bodyShape(env: Config['env']): JsonShape {
  return { maxDepth: env.MCP_JSON_MAX_DEPTH, maxValues: env.TOOL_ARGUMENTS_MAX_VALUES + ENVELOPE_MAX_VALUES };
}

/** What is read away of a body that is too large, so that a client that sends all of it first gets to see the refusal. */
const READ_AWAY_MAX_BYTES = 64 * 1024 * 1024;
/** Enough to find the id of a request that is refused; a stranger's body is not worth more work. */
export const STRANGERS_LIMITS: BodyLimits = {
  maxBytes: 64 * 1024,
  timeoutMs: 2000,
  shape: { maxDepth: 64, maxValues: 1000 },
};

/**
 * Reads and parses a JSON body.
 *
 * @throws {HttpRefusal} 415 when it is compressed or in another charset, 413 over `maxBytes`, 408 when it does not arrive within `timeoutMs`, 400 when it is not JSON or
 *   beyond `shape`.
 */
export async function readJsonBody(request: IncomingMessage, limits: BodyLimits): Promise<unknown> {
  const encoding = request.headers['content-encoding'] ?? 'identity';
  if (encoding !== 'identity') {
    const message = `Content-Encoding ${encoding} is not supported; send the JSON as it is`;
    throw new HttpRefusal(415, -32_000, message, { closes: true });
  }
  const charset = foreignCharset(request.headers['content-type']);
  if (charset !== undefined) {
    const message = `Send the JSON in UTF-8; charset ${shortenText(charset, 40)} is not read`;
    throw new HttpRefusal(415, -32_000, message, { closes: true });
  }
  if (Number(request.headers['content-length']) > limits.maxBytes) {
    readAway(request);
    throw tooLarge(limits);
  }
  return parseJson(await readText(request, limits), limits.shape);
}

/** The body of a request that is refused anyway, if it is one: its id goes into the answer. */
export async function peekJsonBody(request: IncomingMessage, limits: BodyLimits): Promise<unknown> {
  return readJsonBody(request, limits).catch(() => undefined);
}

function readText(request: IncomingMessage, limits: BodyLimits): Promise<string> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let bytes = 0;
    let isOver = false;
    const end = () => {
      isOver = true;
      clearTimeout(timer);
      request.removeAllListeners('data');
    };
    const timer = setTimeout(() => {
      end();
      request.pause();
      const message = `The request body did not arrive within ${limits.timeoutMs} ms`;
      reject(new HttpRefusal(408, -32_000, message, { closes: true }));
    }, limits.timeoutMs);
    request.on('data', (chunk: Buffer) => {
      bytes += chunk.length;
      if (bytes <= limits.maxBytes) {
        chunks.push(chunk);
        return;
      }
      end();
      readAway(request);
      reject(tooLarge(limits));
    });
    request.once('end', () => {
      if (isOver) return;
      end();
      const body = chunks.length === 1 ? chunks[0] : Buffer.concat(chunks);
      const text = utf8Text(body);
      if (text === undefined) reject(notUtf8());
      else resolve(text);
    });
    request.once('close', () => {
      // Every request closes in the end; an error, with its stack, is made only for one that broke off.
      if (isOver) return;
      end();
      reject(new HttpRefusal(400, -32_000, 'The request was broken off', { closes: true }));
    });
  });
}

/** As {@link parseJson}, of bytes. @throws {HttpRefusal} 400: not UTF-8, too. */
export function parseJsonBytes(bytes: Buffer, shape: JsonShape): unknown {
  const text = utf8Text(bytes);
  if (text === undefined) throw notUtf8();
  return parseJson(text, shape);
}

function notUtf8(): HttpRefusal {
  return new HttpRefusal(400, ProtocolErrorCode.ParseError, 'Parse error: the request body is not UTF-8');
}

function tooLarge({ maxBytes }: BodyLimits): HttpRefusal {
  return new HttpRefusal(413, -32_000, `The request body is larger than ${maxBytes} bytes`);
}

/**
 * Lets the rest of a body pass by. A connection that is closed while the client still sends is reset, and many clients then
 * never look at the answer. The server's limit on the time of a request ends a client that takes too long.
 */
function readAway(request: IncomingMessage): void {
  let bytes = 0;
  request.on('data', (chunk: Buffer) => {
    bytes += chunk.length;
    if (bytes > READ_AWAY_MAX_BYTES) request.destroy();
  });
}

/**
 * Parses a JSON-RPC message or a batch; ids are kept as they were written.
 *
 * @throws {HttpRefusal} 400: not JSON, or beyond `shape`.
 */
export function parseJson(text: string, shape: JsonShape): unknown {
  const fault = jsonShapeFault(text, shape);
  if (fault !== null) throw new HttpRefusal(400, ProtocolErrorCode.ParseError, `The JSON ${fault}`);
  try {
    const isSuspect = text.includes('__proto__') || text.includes('\\u00');
    const parsed: unknown = isSuspect ? JSON.parse(text, withoutProto) : JSON.parse(text);
    return withoutAbsentParams(withWholeIds(keepExactIds(parsed, text)));
  } catch {
    throw new HttpRefusal(
      400,
      ProtocolErrorCode.ParseError,
      'Parse error: the request body is not valid JSON',
    );
  }
}

/** An own property of that name is only ever an attack on code that copies properties. */
function withoutProto(_key: string, value: unknown): unknown {
  if (typeof value === 'object' && value !== null) Reflect.deleteProperty(value, '__proto__');
  return value;
}

/** An id is given back by many hands; one that holds half of a character is made whole before any has it. */
function withWholeIds(parsed: unknown): unknown {
  for (const message of Array.isArray(parsed) ? (parsed as unknown[]) : [parsed])
    if (isPlainObject(message) && typeof message['id'] === 'string')
      Object.assign(message, { id: message['id'].toWellFormed() });
  return parsed;
}
