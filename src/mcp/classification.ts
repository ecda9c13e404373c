import {
  classifyInboundRequest,
  CLIENT_CAPABILITIES_META_KEY,
  CLIENT_INFO_META_KEY,
  type InboundClassificationOutcome,
  PROTOCOL_VERSION_META_KEY,
} from '@modelcontextprotocol/server';
import type { IncomingHttpHeaders } from 'node:http';
import { isPlainObject } from '../platform/plain-object.js';
import { isExactNumber } from './exact-number.js';

/** Members of a request's `_meta` that say the same with every request of a client. */
const ENVELOPE: readonly string[] = [
  PROTOCOL_VERSION_META_KEY,
  CLIENT_INFO_META_KEY,
  CLIENT_CAPABILITIES_META_KEY,
];
const MEMBERS: readonly string[] = ['jsonrpc', 'id', 'method', 'params'];
const KEPT_MAX = 1000;
const KEY_MAX = 1000; // characters

/** What the SDK said of requests that differ in nothing that it looks at; only of those that it takes. */
const kept = new Map<string, InboundClassificationOutcome>();

/**
 * Which era a POSTed body belongs to, or why it is refused, as the SDK decides it. The SDK tries the body against several
 * schemas for that, which takes a tenth of a call; of a plain request it looks at nothing but headers, method and
 * `_meta`, and of those a client sends the same all day.
 */
export function classify(headers: IncomingHttpHeaders, body: unknown): InboundClassificationOutcome {
  const version = headers['mcp-protocol-version'] as string | undefined;
  const methodHeader = headers['mcp-method'] as string | undefined;
  const key = keyOf(version, methodHeader, body);
  const known = key === undefined ? undefined : kept.get(key);
  if (known) return known.kind === 'modern' ? ({ ...known, message: body } as typeof known) : known;
  const outcome = classifyInboundRequest({
    httpMethod: 'POST',
    protocolVersionHeader: version,
    mcpMethodHeader: methodHeader,
    mcpNameHeader: headers['mcp-name'] as string | undefined,
    body: Array.isArray(body) ? body.map(withPlainIds) : withPlainIds(body),
  });
  if (key !== undefined && outcome.kind !== 'reject') {
    if (kept.size >= KEPT_MAX) kept.clear();
    kept.set(key, outcome.kind === 'modern' ? ({ ...outcome, message: undefined } as never) : outcome);
  }
  return outcome;
}

/** The SDK knows no number above 2^53; which one it is does not count here. */
function withPlainIds(message: unknown): unknown {
  if (!isPlainObject(message)) return message;
  const { id, params } = message;
  const meta = isPlainObject(params) ? params['_meta'] : undefined;
  const hasExactToken = isPlainObject(meta) && isExactNumber(meta['progressToken']);
  if (!isExactNumber(id) && !hasExactToken) return message;
  return {
    ...message,
    ...(isExactNumber(id) && { id: 0 }),
    ...(hasExactToken && { params: { ...(params as object), _meta: { ...meta, progressToken: 0 } } }),
  };
}

/** Undefined: more than headers, method and envelope may count. */
function keyOf(
  version: string | undefined,
  methodHeader: string | undefined,
  body: unknown,
): string | undefined {
  if (!isPlainObject(body) || body['jsonrpc'] !== '2.0') return undefined;
  for (const member in body) if (!MEMBERS.includes(member)) return undefined;
  const { id, method, params } = body;
  if (typeof id !== 'string' && !Number.isSafeInteger(id)) return undefined;
  if (typeof method !== 'string' || method === 'initialize' || !isPlainObject(params)) return undefined;
  const { _meta: meta } = params;
  if (meta !== undefined && !isEnvelope(meta)) return undefined;
  const key = JSON.stringify([version, methodHeader, method, meta]);
  return key.length <= KEY_MAX ? key : undefined;
}

function isEnvelope(meta: unknown): boolean {
  if (!isPlainObject(meta)) return false;
  for (const member in meta) if (!ENVELOPE.includes(member)) return false;
  return true;
}
