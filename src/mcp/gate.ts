import type { IncomingMessage, ServerResponse } from 'node:http';
import { Injectable } from '@nestjs/common';
import { validateHostHeader, validateOriginHeader } from '@modelcontextprotocol/server';
import type { GroupKeyCaller } from '../auth/caller.js';
import { Config } from '../config.js';
import { CatalogStore } from '../groups/catalog-store.js';
import { KeyUsage } from '../groups/key-usage.js';
import { sendJson } from './answers.js';

/** A refusal at the door: HTTP status and an OAuth-style error (RFC 6750 section 3.1) a person understands too. */
export class GateRefusal extends Error {
  constructor(
    readonly status: 401 | 403 | 404,
    readonly error: string,
    message: string,
  ) {
    super(message);
  }
}

const ALLOWED_HEADERS =
  'Authorization, X-API-Key, X-Caller-App-Id, Content-Type, Accept, Mcp-Session-Id, MCP-Protocol-Version, Mcp-Method, Mcp-Name, Last-Event-ID';

/** Who may come in: Host and Origin, the key, and whether the key is this group's. Reads memory only. */
@Injectable()
export class Gate {
  constructor(
    private readonly config: Config,
    private readonly catalogs: CatalogStore,
    private readonly keyUsage: KeyUsage,
  ) {}

  /**
   * Guards against DNS rebinding: a browser made to call us under a foreign name, or from a foreign page.
   * @throws {GateRefusal} 403.
   */
  checkOrigin(request: IncomingMessage, response: ServerResponse | undefined): void {
    const { allowedHosts, allowedOrigins } = this.config;
    const { host, origin } = request.headers;
    if (allowedHosts && !validateHostHeader(host, [...allowedHosts]).ok) {
      throw new GateRefusal(
        403,
        'forbidden_host',
        `Requests for host '${host ?? ''}' are not served; see ALLOWED_HOSTS`,
      );
    }
    if (origin === undefined) return;
    if (!allowedOrigins.includes('*') && !validateOriginHeader(origin, [...allowedOrigins]).ok) {
      throw new GateRefusal(
        403,
        'forbidden_origin',
        `Pages of '${origin}' may not call; see ALLOWED_ORIGINS`,
      );
    }
    response?.setHeader('Access-Control-Allow-Origin', origin);
    response?.setHeader('Access-Control-Expose-Headers', 'Mcp-Session-Id, WWW-Authenticate, X-Request-Id');
    response?.setHeader('Vary', 'Origin');
  }

  /** Answers a browser's CORS preflight; the request it asks for is checked when it comes. */
  answerPreflight(request: IncomingMessage, response: ServerResponse): void {
    const asked = request.headers['access-control-request-headers'];
    const params = (asked ?? '').split(',').filter((name) => /^\s*mcp-param-[\w-]+\s*$/i.test(name));
    response.writeHead(204, {
      'Access-Control-Allow-Methods': 'POST, GET, DELETE',
      'Access-Control-Allow-Headers': [ALLOWED_HEADERS, ...params].join(', '),
      'Access-Control-Max-Age': '600',
    });
    response.end();
  }

  /**
   * Comes before the address is looked at: without a good key every group, real or not, answers the same.
   *
   * @throws {GateRefusal} 401: no key, or a wrong one.
   */
  identify(request: IncomingMessage): GroupKeyCaller {
    const key = keyOf(request);
    if (key === undefined) {
      throw new GateRefusal(
        401,
        'invalid_request',
        'Send the group key as "Authorization: Bearer KEY" or "X-API-Key: KEY"',
      );
    }
    const caller = this.catalogs.findCaller(key);
    if (!caller) throw new GateRefusal(401, 'invalid_token', 'This key is unknown, revoked or expired');
    this.keyUsage.note(caller.keyId);
    return caller;
  }

  /** @throws {GateRefusal} 404 no such group for this tenant; 403 another group's key, or the group is disabled. */
  admit(caller: GroupKeyCaller, serverCode: string): void {
    const catalog = this.catalogs.findByCode(serverCode);
    if (!catalog || catalog.tenantId !== caller.tenantId) {
      throw new GateRefusal(404, 'not_found', `There is no tool group '${serverCode.slice(0, 64)}'`);
    }
    if (catalog.groupId !== caller.groupId) {
      throw new GateRefusal(403, 'wrong_group', `This key does not open the tool group '${serverCode}'`);
    }
    if (!catalog.enabled)
      throw new GateRefusal(403, 'group_disabled', `The tool group '${serverCode}' is disabled`);
  }
}

export function sendGateRefusal(response: ServerResponse, { status, error, message }: GateRefusal): void {
  if (status === 401) {
    const detail = error === 'invalid_token' ? `, error="invalid_token", error_description="${message}"` : '';
    response.setHeader('WWW-Authenticate', `Bearer realm="toolcrib"${detail}`);
  }
  if (error === 'wrong_group' || error === 'group_disabled') {
    const detail = `error="insufficient_scope", error_description="${message}"`;
    response.setHeader('WWW-Authenticate', `Bearer realm="toolcrib", ${detail}`);
  }
  sendJson(response, status, { error, error_description: message });
}

function keyOf(request: IncomingMessage): string | undefined {
  const { authorization, 'x-api-key': apiKey } = request.headers;
  const bearer = authorization && /^bearer +(\S+) *$/i.exec(authorization)?.[1];
  if (bearer) return bearer;
  return typeof apiKey === 'string' && apiKey !== '' ? apiKey.trim() : undefined;
}
