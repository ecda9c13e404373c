import { isUtf8 } from 'node:buffer';
import type { IncomingMessage } from 'node:http';
import { ProtocolErrorCode } from '@modelcontextprotocol/server';
import type { Config } from '../platform/config.js';
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

/**
 * Reads and parses a JSON body.
 *
 * @throws {HttpRefusal} 415 when it is compressed, 413 over `maxBytes`, 408 when it does not arrive within `timeoutMs`, 400 when it is not JSON or
 *   beyond `shape`.
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
  return parseJson(await readText(request, limits, tooLarge), limits.shape);
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

/** @throws {HttpRefusal} 400: not JSON, or beyond `shape`. */
export function parseJson(text: string, shape: JsonShape): unknown {
  const fault = jsonShapeFault(text, shape);
  if (fault !== null) throw new HttpRefusal(400, ProtocolErrorCode.ParseError, `The JSON ${fault}`);
  try {
    const hasProto = text.includes('__proto__') || text.includes('\\u00');
    return withoutAbsentParams(hasProto ? JSON.parse(text, withoutProto) : JSON.parse(text));
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
