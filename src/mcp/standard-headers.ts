import type { IncomingHttpHeaders } from 'node:http';
import type { JsonObject } from '../tools/tool-definition.js';
import type { RpcId } from './rpc-message.js';
import { HttpRefusal } from './http-refusal.js';
import { isPlainObject } from '../platform/plain-object.js';

/** MCP 2026-07-28, basic/transports: a header that must repeat the body does not. */
const HEADER_MISMATCH = -32_020;

/** The body field that `Mcp-Name` repeats. */
const NAME_SOURCE: Readonly<Record<string, string>> = {
  'tools/call': 'name',
  'prompts/get': 'name',
  'resources/read': 'uri',
};

const SENTINEL = /^=\?base64\?(.*)\?=$/s;
const CANONICAL_BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;
const DECIMAL = /^-?\d+(\.\d+)?$/;

type ModernRequest = { readonly id: RpcId; readonly method: string; readonly params?: unknown };

/**
 * The headers a 2026-07-28 request must carry beside its body: `MCP-Protocol-Version`, `Mcp-Method`, and `Mcp-Name` where
 * the method has one. That version and method agree with the body was checked by the SDK's classification.
 *
 * @throws {HttpRefusal} 400 / -32020.
 */
export function checkStandardHeaders(headers: IncomingHttpHeaders, request: ModernRequest): void {
  const refuse = (header: string, text: string): never => refuseMismatch(request.id, header, text);
  if (headers['mcp-protocol-version'] === undefined) {
    refuse('(missing)', 'the MCP-Protocol-Version header is required');
  }
  if (headers['mcp-method'] === undefined) refuse('(missing)', 'the Mcp-Method header is required');
  const field = Object.hasOwn(NAME_SOURCE, request.method) ? NAME_SOURCE[request.method] : undefined;
  const inBody = field && isPlainObject(request.params) ? request.params[field] : undefined;
  if (field === undefined || typeof inBody !== 'string') return;
  const header = single(headers['mcp-name'])?.trim();
  if (header === undefined) return refuse('(missing)', `the Mcp-Name header must repeat params.${field}`);
  const named = decode(header);
  if (named === undefined) return refuse(header, 'the Mcp-Name header is not valid Base64');
  if (named !== inBody) refuse(header, `the Mcp-Name header names '${named}', the body '${inBody}'`);
}

/** A property whose value the client repeats in the header `Mcp-Param-{name}` (`x-mcp-header` in the input schema). */
export type ParamHeader = { readonly name: string; readonly path: readonly string[]; readonly type: string };

/** @see MCP 2026-07-28, server/tools: only properties reached through `properties` alone may carry `x-mcp-header`. */
export function paramHeadersOf(inputSchema: JsonObject, path: readonly string[] = []): ParamHeader[] {
  if (!isPlainObject(inputSchema['properties'])) return [];
  return Object.entries(inputSchema['properties']).flatMap(([key, property]) => {
    if (!isPlainObject(property)) return [];
    const own = [...path, key];
    const name = property['x-mcp-header'];
    const nested = paramHeadersOf(property, own);
    return typeof name === 'string'
      ? [{ name, path: own, type: String(property['type']) }, ...nested]
      : nested;
  });
}

/** @throws {HttpRefusal} 400 / -32020: a header is missing, not decodable, or differs from the argument. */
export function checkParamHeaders(
  headers: IncomingHttpHeaders,
  declared: readonly ParamHeader[],
  request: ModernRequest,
): void {
  const args = isPlainObject(request.params) ? request.params['arguments'] : undefined;
  for (const { name, path, type } of declared) {
    const value = path.reduce<unknown>((node, key) => (isPlainObject(node) ? node[key] : undefined), args);
    if (typeof value !== 'string' && typeof value !== 'number' && typeof value !== 'boolean') continue;
    const key = `Mcp-Param-${name}`;
    const header = single(headers[key.toLowerCase()]);
    const place = `'${path.join('.')}'`;
    if (header === undefined)
      refuseMismatch(request.id, key, `the ${key} header must repeat the argument ${place}`);
    const sent = decode(header);
    if (sent === undefined) refuseMismatch(request.id, key, `the ${key} header is not valid Base64`);
    const isNumeric =
      (type === 'integer' || type === 'number') && typeof value === 'number' && DECIMAL.test(sent);
    const agrees = isNumeric ? Number(sent) === value : sent === String(value);
    if (!agrees) refuseMismatch(request.id, key, `the ${key} header differs from the argument ${place}`);
  }
}

function refuseMismatch(id: RpcId, header: string, body: string): never {
  const message = `Bad Request: the request headers and body disagree: ${body}`;
  throw new HttpRefusal(400, HEADER_MISMATCH, message, { data: { mismatch: { header, body } }, id });
}

/** Undoes the `=?base64?…?=` form of a header value; undefined: it is not valid Base64 of UTF-8. */
function decode(value: string): string | undefined {
  const encoded = SENTINEL.exec(value)?.[1];
  if (encoded === undefined) return value;
  if (!CANONICAL_BASE64.test(encoded)) return undefined;
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(Buffer.from(encoded, 'base64'));
  } catch {
    return undefined;
  }
}

function single(value: string | string[] | undefined): string | undefined {
  return Array.isArray(value) ? value[0] : value;
}
