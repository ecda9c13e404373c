import { withoutTrailingSlashes } from '../platform/trailing-slashes.js';

/** Which door of a group a request knocks at. */
export type McpDoor = 'streamable_http' | 'sse' | 'sse_messages' | 'websocket';
export type McpPath = { readonly serverCode: string; readonly door: McpDoor };

const DOORS: Readonly<Record<string, McpDoor>> = {
  '': 'streamable_http',
  mcp: 'streamable_http',
  sse: 'sse',
  'sse/messages': 'sse_messages',
  ws: 'websocket',
};

/** What the record of a call says of the way it came. */
const TRANSPORTS = {
  streamable_http: 'streamable_http',
  sse: 'sse',
  sse_messages: 'sse',
  websocket: 'websocket',
} as const satisfies Record<McpDoor, string>;

export function transportOf(path: McpPath | null | undefined) {
  return path ? TRANSPORTS[path.door] : 'streamable_http';
}

/**
 * Reads `/mcp/{server_code}[/mcp|/sse|/sse/messages|/ws]`, and the same under `/mcp/server/` for installations that come
 * from the original system.
 *
 * @returns undefined: not a path of ours; null: under `/mcp/`, but nothing is there.
 */
export function parseMcpPath(url: string): McpPath | null | undefined {
  const query = url.indexOf('?');
  const path = withoutTrailingSlashes(query < 0 ? url : url.slice(0, query));
  if (!path.startsWith('/mcp/')) return path === '/mcp' ? null : undefined;
  const rest = path.startsWith('/mcp/server/') ? path.slice(12) : path.slice(5);
  const slash = rest.indexOf('/');
  const serverCode = slash < 0 ? rest : rest.slice(0, slash);
  const door = DOORS[slash < 0 ? '' : rest.slice(slash + 1)];
  return door && serverCode !== '' ? { serverCode, door } : null;
}
