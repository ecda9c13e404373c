import { isUtf8 } from 'node:buffer';
import type { IncomingMessage } from 'node:http';
import { ProtocolErrorCode } from '@modelcontextprotocol/server';
import type { Config } from '../platform/config.js';
import { HttpRefusal } from './http-refusal.js';

export type BodyLimits = { readonly maxBytes: number; readonly timeoutMs: number; readonly maxDepth: number };

export function bodyLimits({ env }: Config): BodyLimits {
  return {
    maxBytes: env.MCP_BODY_MAX_BYTES,
    timeoutMs: env.MCP_BODY_TIMEOUT_MS,
    maxDepth: env.MCP_JSON_MAX_DEPTH,
  };
}

/**
 * Reads and parses a JSON body.
 *
 * @throws {HttpRefusal} 415 when it is compressed, 413 over `maxBytes`, 408 when it does not arrive within `timeoutMs`, 400 when it is not JSON or
 *   nested deeper than `maxDepth`.
 */
export async function readJsonBody(request: IncomingMessage, limits: BodyLimits): Promise<unknown> {
  const encoding = request.headers['content-encoding'] ?? 'identity';
  if (encoding !== 'identity') {
    throw new HttpRefusal(
      415,
      -32_000,
      `Content-Encoding ${encoding} is not supported; send the JSON as it is`,
      {
        closes: true,
      },
    );
  }
  const tooLarge = () =>
    new HttpRefusal(413, -32_000, `The request body is larger than ${limits.maxBytes} bytes`, {
      closes: true,
    });
  if (Number(request.headers['content-length']) > limits.maxBytes) throw tooLarge();
  return parseJson(await readText(request, limits, tooLarge), limits.maxDepth);
}

function readText(
  request: IncomingMessage,
  limits: BodyLimits,
  tooLarge: () => HttpRefusal,
): Promise<string> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let bytes = 0;
    let isOver = false;
    const fail = (refusal: HttpRefusal) => {
      isOver = true;
      clearTimeout(timer);
      request.removeAllListeners('data');
      request.pause();
      reject(refusal);
    };
    const timer = setTimeout(() => {
      const message = `The request body did not arrive within ${limits.timeoutMs} ms`;
      fail(new HttpRefusal(408, -32_000, message, { closes: true }));
    }, limits.timeoutMs);
    request.on('data', (chunk: Buffer) => {
      bytes += chunk.length;
      if (bytes > limits.maxBytes) return fail(tooLarge());
      chunks.push(chunk);
    });
    request.once('end', () => {
      if (isOver) return;
      isOver = true;
      clearTimeout(timer);
      const body = chunks.length === 1 ? chunks[0] : Buffer.concat(chunks);
      if (isUtf8(body)) resolve(body.toString('utf8'));
      else
        reject(
          new HttpRefusal(400, ProtocolErrorCode.ParseError, 'Parse error: the request body is not UTF-8'),
        );
    });
    request.once('close', () => {
      // Every request closes in the end; an error, with its stack, is made only for one that broke off.
      if (!isOver) fail(new HttpRefusal(400, -32_000, 'The request was broken off', { closes: true }));
    });
  });
}

/** @throws {HttpRefusal} 400: not JSON, or nested deeper than `maxDepth`. */
export function parseJson(text: string, maxDepth: number): unknown {
  if (isDeeperThan(text, maxDepth)) {
    throw new HttpRefusal(
      400,
      ProtocolErrorCode.ParseError,
      `The JSON is nested deeper than ${maxDepth} levels`,
    );
  }
  try {
    return text.includes('__proto__') || text.includes('\\u00')
      ? JSON.parse(text, withoutProto)
      : JSON.parse(text);
  } catch {
    throw new HttpRefusal(
      400,
      ProtocolErrorCode.ParseError,
      'Parse error: the request body is not valid JSON',
    );
  }
}

/** Looks at the text before anything is built from it; brackets inside strings do not count. */
function isDeeperThan(text: string, maxDepth: number): boolean {
  let depth = 0;
  for (let index = 0; index < text.length; index++) {
    const code = text.charCodeAt(index);
    if (code === 0x22) {
      index = endOfString(text, index);
    } else if (code === 0x7b || code === 0x5b) {
      depth++;
      if (depth > maxDepth) return true;
    } else if (code === 0x7d || code === 0x5d) {
      depth--;
    }
  }
  return false;
}

function endOfString(text: string, start: number): number {
  for (let quote = text.indexOf('"', start + 1); quote >= 0; quote = text.indexOf('"', quote + 1)) {
    let backslashes = 0;
    while (text.charCodeAt(quote - 1 - backslashes) === 0x5c) backslashes++;
    if (backslashes % 2 === 0) return quote;
  }
  return text.length;
}

/** An own property of that name is only ever an attack on code that copies properties. */
function withoutProto(_key: string, value: unknown): unknown {
  if (typeof value === 'object' && value !== null) Reflect.deleteProperty(value, '__proto__');
  return value;
}
