import type { IncomingMessage } from 'node:http';
import { Injectable, Logger } from '@nestjs/common';
import { Config } from '../platform/config.js';
import { messageOf } from '../platform/errors.js';
import { currentScope } from '../platform/request-scope.js';
import { Cancellation } from '../platform/ending.js';
import { credentialOf } from './connected-caller.js';
import type { Exchange } from './exchange.js';
import { GateRefusal, type RefusedVisit } from './gate-refusal.js';
import { refusalOf } from './http-refusal.js';
import { parseMcpPath, transportOf } from './mcp-path.js';
import { bodyLimits, peekJsonBody, STRANGERS_LIMITS } from './request-body.js';
import { idOf, RpcRequests } from './rpc-requests.js';

/**
 * What becomes of requests that are refused before anybody has read them: their answer names the request, since clients show
 * the error of an answer to what they asked and of nothing else, and a call that a good key made where it may not is on record.
 */
@Injectable()
export class RefusedCalls {
  private readonly logger = new Logger(RefusedCalls.name);

  constructor(
    private readonly requests: RpcRequests,
    private readonly config: Config,
  ) {}

  /** @returns The error as it is to be answered. */
  async named(request: IncomingMessage, error: unknown): Promise<unknown> {
    const refusal = refusalOf(error);
    if (!refusal) return error;
    if (refusal.id !== undefined) return refusal;
    if (request.method !== 'POST' || request.readableDidRead) return refusal;
    const visit = refusal instanceof GateRefusal ? refusal.visit : undefined;
    const body = await peekJsonBody(request, visit ? bodyLimits(this.config) : STRANGERS_LIMITS);
    if (visit) {
      const version = String(request.headers['mcp-protocol-version'] ?? 'unknown');
      const address = currentScope()?.ip ?? '';
      const transport = transportOf(parseMcpPath(request.url ?? ''));
      await this.record(body, refusal.message, { ...visit, version, address, transport });
    }
    return refusal.of(idOf(body));
  }

  /** The caller is refused whether or not that can be put on record. */
  async record(body: unknown, message: string, { version, ...visit }: Refused): Promise<void> {
    try {
      await this.requests.recordRefused(exchangeOf(visit), body, version, message);
    } catch (error) {
      this.logger.warn(`A refused call could not be put on record: ${messageOf(error)}`);
    }
  }
}

/** Who asked for what, and how; `version` is the protocol revision. */
type Refused = RefusedVisit &
  Pick<Exchange, 'transport'> & { readonly version: string; readonly address: string };

function exchangeOf({ caller, catalog, transport, address }: Omit<Refused, 'version'>): Exchange {
  const { serverCode } = catalog;
  return {
    caller,
    serverCode,
    catalog: () => catalog,
    visit: () => ({ caller, serverCode, address, userAgent: null }),
    appId: undefined,
    transport,
    idempotencyKey: undefined,
    client: credentialOf(caller),
    gone: new Cancellation(),
  };
}
