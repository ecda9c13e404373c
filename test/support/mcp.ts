import type { TestApp, TestTenant } from './test-app.js';

export const MODERN = '2026-07-28';

export type TestGroup = {
  readonly id: string;
  readonly code: string;
  readonly key: string;
  readonly url: string;
};

/** A group with its key, made over the admin API. */
export async function newGroup(
  t: TestApp,
  tenant: TestTenant,
  options: {
    readonly tools: readonly string[];
    readonly sessions?: boolean;
    /** Of the people who come in beside the key. */
    readonly roles?: readonly string[];
  },
): Promise<TestGroup> {
  const token = tenant.adminToken;
  const name = `Group ${Math.random().toString(36).slice(2)}`;
  const body = { name, sessions: options.sessions ?? false, allowed_roles: options.roles ?? [] };
  const created = await t.rest('POST', '/admin/groups', { token, body });
  if (created.status >= 300) throw new Error(JSON.stringify(created.body));
  const { id, api_key: key, server_code: code } = created.body.data;
  for (const tool_name of options.tools) {
    const added = await t.rest('POST', `/admin/groups/${id}/tools`, { token, body: { tool_name } });
    if (added.status >= 300) throw new Error(`${tool_name}: ${JSON.stringify(added.body)}`);
  }
  return { id, code, key, url: `${t.url}/mcp/${code}/mcp` };
}

/** The members of results that tests look into. */
export type McpResult = {
  readonly content?: readonly { readonly type: string; readonly text?: string }[];
  readonly tools?: readonly { readonly name: string }[];
  readonly nextCursor?: string;
  readonly [member: string]: unknown;
};

export type McpMessage = {
  readonly method?: string;
  readonly params?: { readonly progress?: number };
  readonly result?: McpResult;
  readonly error?: { readonly code: number; readonly message: string; readonly data?: unknown };
  readonly id?: unknown;
};

export type McpAnswer = {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  /** The JSON body, or the last JSON-RPC message of an SSE body. */
  readonly body: McpMessage;
  /** All messages of an SSE body, in order. */
  readonly messages: readonly McpMessage[];
};

export type McpRequest = {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Sent as it is when text, else as JSON. */
  readonly body?: unknown;
  /** Hangs up. */
  readonly signal?: AbortSignal;
};

/** One HTTP request to a group's endpoint, with its key unless `headers` say otherwise. */
export async function send(group: TestGroup, request: McpRequest): Promise<McpAnswer> {
  const body =
    typeof request.body === 'string' || request.body === undefined
      ? request.body
      : JSON.stringify(request.body);
  const response = await fetch(group.url, {
    method: request.method ?? 'POST',
    headers: { authorization: `Bearer ${group.key}`, 'content-type': 'application/json', ...request.headers },
    ...(body === undefined ? {} : { body }),
    ...(request.signal && { signal: request.signal }),
  });
  return toAnswer(response, await response.text());
}

export function toAnswer(response: Response, text: string): McpAnswer {
  const isStream = response.headers.get('content-type')?.startsWith('text/event-stream') ?? false;
  const messages = isStream
    ? [...text.matchAll(/^data: (\{.*)$/gm)].map(([, json]) => JSON.parse(json ?? '') as McpMessage)
    : [];
  const body = isStream ? messages.at(-1) : text === '' ? {} : (JSON.parse(text) as McpMessage);
  return { status: response.status, headers: response.headers, text, body: body ?? {}, messages };
}

/** A JSON-RPC request of 2025 and before. */
export function legacy(method: string, params?: unknown, id: unknown = 1): McpRequest {
  return { body: { jsonrpc: '2.0', id, method, ...(params === undefined ? {} : { params }) } };
}

/** A JSON-RPC request of 2026-07-28 with all that revision asks for. */
export function modern(
  method: string,
  params: Record<string, unknown> = {},
  meta: Record<string, unknown> = {},
): McpRequest {
  const envelope = {
    'io.modelcontextprotocol/protocolVersion': MODERN,
    'io.modelcontextprotocol/clientCapabilities': {},
    'io.modelcontextprotocol/clientInfo': { name: 'test-client', version: '1.0.0' },
    ...meta,
  };
  return {
    headers: {
      accept: 'application/json, text/event-stream',
      'mcp-protocol-version': MODERN,
      'mcp-method': method,
      ...(typeof params['name'] === 'string' ? { 'mcp-name': params['name'] } : {}),
    },
    body: { jsonrpc: '2.0', id: 1, method, params: { ...params, _meta: envelope } },
  };
}
