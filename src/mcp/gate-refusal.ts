import type { Catalog } from '../groups/catalog.js';
import type { ConnectedCaller } from './connected-caller.js';
import { HttpRefusal } from './http-refusal.js';

/** Who was refused which group, where both are known: what they called goes on record. */
export type RefusedVisit = { readonly caller: ConnectedCaller; readonly catalog: Catalog };

/**
 * A refusal at the door. It is told as a JSON-RPC error, because most clients show nothing else; `data.error` names it for
 * programs. Only a 401 has a challenge: on a 403 some clients go for another scope, where no scope would help, and hide the
 * reason.
 */
export class GateRefusal extends HttpRefusal {
  constructor(
    status: 401 | 403 | 404,
    readonly error: string,
    message: string,
    readonly visit?: RefusedVisit,
  ) {
    super(status, -32_000, message, {
      data: { error },
      ...(status === 401 && { headers: { 'WWW-Authenticate': challengeOf(error, message) } }),
    });
  }
}

export function invalidToken(message: string): GateRefusal {
  return new GateRefusal(401, 'invalid_token', message);
}

/** @see RFC 6750, section 3 */
function challengeOf(error: string, message: string): string {
  const detail = error === 'invalid_token' ? `, error="invalid_token", error_description="${message}"` : '';
  return `Bearer realm="toolcrib"${detail}`;
}
