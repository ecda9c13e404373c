import type { IncomingMessage, ServerResponse } from 'node:http';
import { Injectable } from '@nestjs/common';
import { cutText } from '../platform/cut-text.js';
import { UserCallers } from '../auth/sign-in/user-callers.js';
import { AllowedSites } from '../platform/network/allowed-sites.js';
import { ClientAddressReader, isWithin } from '../platform/network/client-address.js';
import { UnauthenticatedError } from '../platform/errors.js';
import { Config } from '../platform/config.js';
import { refusalOfGroup } from '../groups/access-rules.js';
import type { Catalog } from '../groups/catalog.js';
import { CatalogStore, type GoodKey } from '../groups/catalog-store.js';
import { KeyUsage } from '../groups/keys/key-usage.js';
import { SecurityAlertsService } from '../groups/keys/security-alerts.service.js';
import type { GroupKeyCaller } from '../access/caller.js';
import type { ConnectedCaller } from './connected-caller.js';
import { GateRefusal, invalidToken } from './gate-refusal.js';

/** Who came in, and what it takes to ask again later whether it may still be there. */
export type Visit = {
  readonly caller: ConnectedCaller;
  readonly serverCode: string;
  readonly address: string;
  readonly userAgent: string | null;
  /** Of a person, whose rights are read by it. */
  readonly token?: string;
};

type Sighting = Pick<Visit, 'userAgent'> & { readonly ip: string };

const BAD_KEY = 'This key is unknown, revoked or expired';
const ALLOWED_HEADERS =
  'Authorization, X-API-Key, X-Caller-App-Id, Content-Type, Accept, Mcp-Session-Id, MCP-Protocol-Version, Mcp-Method, Mcp-Name, Last-Event-ID';

/** Who may come in: Host and Origin, the key, and whether the key is this group's. Reads memory only. */
@Injectable()
export class Gate {
  private readonly addresses: ClientAddressReader;
  private readonly sites: AllowedSites;

  constructor(
    config: Config,
    private readonly catalogs: CatalogStore,
    private readonly keyUsage: KeyUsage,
    private readonly userCallers: UserCallers,
    private readonly alerts: SecurityAlertsService,
  ) {
    this.addresses = new ClientAddressReader(config.env);
    this.sites = new AllowedSites(config);
  }

  /** @throws {GateRefusal} 403: the request's `Host` or `Origin` is none of {@link AllowedSites}. */
  checkOrigin(request: IncomingMessage, response: ServerResponse | undefined): void {
    const { host, origin } = request.headers;
    if (!this.sites.hasHost(host)) {
      throw new GateRefusal(
        403,
        'forbidden_host',
        `Requests for host '${host ?? ''}' are not served; see ALLOWED_HOSTS`,
      );
    }
    if (origin === undefined) return;
    if (!this.sites.hasOrigin(origin)) {
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
   * Comes before the address is looked at: without a good key every group, real or not, answers the same. A key is known at
   * once; a person's token may have to be looked up.
   *
   * @throws {GateRefusal} 401: no key or token, or a wrong one. 403: a key from a network it may not be used from.
   */
  identify(request: IncomingMessage): ConnectedCaller | Promise<ConnectedCaller> {
    const credential = credentialOf(request);
    if (credential === undefined) {
      throw new GateRefusal(
        401,
        'invalid_request',
        'Send the group key as "Authorization: Bearer KEY" or "X-API-Key: KEY"',
      );
    }
    if (UserCallers.isToken(credential)) return this.identifyUser(credential);
    const found = this.catalogs.findKey(credential);
    if (found?.kind === 'decoy') this.alerts.raise('decoy_used', found.caller, this.sightingOf(request));
    if (found?.kind !== 'good') throw invalidToken(BAD_KEY);
    const caller = this.letIn(found, () => this.sightingOf(request));
    this.keyUsage.note(caller.keyId);
    return caller;
  }

  /** Call it while the request is at hand: what a stream needs of it to stand for hours. */
  visitOf(request: IncomingMessage, caller: ConnectedCaller, serverCode: string): Visit {
    const { ip: address, userAgent } = this.sightingOf(request);
    const token = caller.kind === 'user' ? credentialOf(request) : undefined;
    return { caller, serverCode, address, userAgent, ...(token !== undefined && { token }) };
  }

  /** As {@link renew}, for a message that came on a standing connection. */
  enter(visit: Visit): ConnectedCaller | Promise<ConnectedCaller> {
    const caller = this.renew(visit);
    if (visit.caller.kind === 'group_key') this.keyUsage.note(visit.caller.keyId);
    return caller;
  }

  /**
   * Asks again, after a change, what was asked when somebody came in.
   *
   * @returns The caller with the rights of now.
   * @throws {GateRefusal} It would not be let in any more.
   */
  renew(visit: Visit): ConnectedCaller | Promise<ConnectedCaller> {
    const { caller, serverCode, token } = visit;
    if (caller.kind === 'user') {
      if (this.userCallers.isUnchanged(caller)) return this.admit(caller, serverCode);
      return this.identifyUser(token ?? '').then((renewed) => this.admit(renewed, serverCode));
    }
    const found = this.catalogs.findLiveKey(caller.keyId);
    if (!found) throw invalidToken(BAD_KEY);
    const renewed = this.letIn(found, () => ({ ip: visit.address, userAgent: visit.userAgent }));
    return this.admit(renewed, serverCode);
  }

  private letIn({ caller, networks }: GoodKey, seen: () => Sighting): GroupKeyCaller {
    if (networks) {
      const sighting = seen();
      if (!isWithin(networks, sighting.ip)) {
        this.alerts.raise('network_refused', caller, sighting);
        throw new GateRefusal(403, 'network_refused', 'This key may not be used from your network');
      }
    }
    return caller;
  }

  /**
   * @returns The caller.
   * @throws {GateRefusal} 404 no such group for this tenant; 403 the group is disabled or not for this caller.
   */
  admit(caller: ConnectedCaller, serverCode: string): ConnectedCaller {
    const catalog = this.catalogs.findByCode(serverCode);
    const refusal = catalog && refusalOfGroup(catalog, caller);
    if (!catalog || refusal?.rule === 'tenant') {
      throw new GateRefusal(404, 'not_found', `There is no tool group '${cutText(serverCode, 64)}'`);
    }
    if (refusal) {
      const word = ERRORS[refusal.rule] ?? 'not_allowed';
      throw new GateRefusal(403, word, refusal.reason, { caller, catalog });
    }
    return caller;
  }

  /** Whether a caller that was let in once still would be. */
  opens(caller: ConnectedCaller, catalog: Catalog): boolean {
    const isLive =
      caller.kind === 'group_key' ? this.catalogs.isLive(caller.keyId) : this.userCallers.isUnchanged(caller);
    return isLive && refusalOfGroup(catalog, caller) === null;
  }

  /** Calls back when somebody who was let in may have to leave: those of a group, or (undefined) any person. */
  onChange(listener: (groupId: string | undefined) => void): void {
    this.catalogs.onReplaced(({ groupId }) => listener(groupId));
    this.userCallers.onForgotten(() => listener(undefined));
  }

  private async identifyUser(token: string): Promise<ConnectedCaller> {
    try {
      return await this.userCallers.resolve(token);
    } catch (error) {
      if (error instanceof UnauthenticatedError) throw invalidToken(error.message);
      throw error;
    }
  }

  private sightingOf(request: IncomingMessage): Sighting {
    return {
      ip: this.addresses.of(request),
      userAgent: request.headers['user-agent'] ?? null,
    };
  }
}

const ERRORS: Readonly<Record<string, string>> = {
  key_of_group: 'wrong_group',
  group_enabled: 'group_disabled',
};

function credentialOf(request: IncomingMessage): string | undefined {
  const { authorization, 'x-api-key': apiKey } = request.headers;
  const bearer = authorization && /^bearer +(\S+) *$/i.exec(authorization)?.[1];
  if (bearer) return bearer;
  return typeof apiKey === 'string' && apiKey !== '' ? apiKey.trim() : undefined;
}
