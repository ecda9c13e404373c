import { Injectable } from '@nestjs/common';
import { agreedNowMs } from '../../platform/agreed-time.js';
import { UserCallers } from '../../auth/sign-in/user-callers.js';
import { UnauthenticatedError } from '../../platform/errors.js';
import { Replica } from '../../platform/replicas/replica.js';
import type { Identity, LiveConnection } from './live-connection.js';
import { CLOSE, LiveClose } from './live-protocol.js';

/** Rights may change while they are read; so often they are read again. */
const TRIES_MAX = 10;

/** Who is at the other end of a connection, and whether they may still be there. */
@Injectable()
export class LiveIdentities {
  constructor(
    private readonly userCallers: UserCallers,
    private readonly replica: Replica,
  ) {}

  /**
   * @param token An access token of ours. Group keys and personal access tokens are for programs, which have the REST feed.
   * @throws {UnauthenticatedError} Not ours, expired, or the sign-in has ended.
   */
  async identify(token: string): Promise<Identity> {
    const caller = await this.userCallers.resolve(token);
    return { caller, token, expiresAtMs: expiryOf(token) };
  }

  /** Whether what is known of the connection's user holds right now; nothing may be sent to it while that is not so. */
  isGood({ identity, isClosed }: LiveConnection): boolean {
    if (!identity || isClosed || !this.replica.mayServe) return false;
    return identity.expiresAtMs > agreedNowMs() && this.userCallers.isUnchanged(identity.caller);
  }

  /**
   * Reads the rights of the connection's user anew if they may have changed; ends the connection if they are gone.
   *
   * @returns False: it is ended.
   */
  async keep(connection: LiveConnection): Promise<boolean> {
    for (let tries = 0; !connection.isClosed && !this.isGood(connection); tries++) {
      const { identity } = connection;
      if (!identity) return false;
      try {
        if (tries === TRIES_MAX) throw new LiveClose(CLOSE.unavailable, 'Your rights change too fast');
        if (!this.replica.mayServe)
          throw new LiveClose(CLOSE.unavailable, 'This replica has lost touch with the database');
        const renewed = await this.identify(identity.token);
        if (connection.identity === identity) connection.identity = renewed;
      } catch (error) {
        // The client may have sent a new token while the old one was looked up.
        if (connection.identity !== identity) continue;
        connection.close(closeFor(error));
      }
    }
    return !connection.isClosed;
  }
}

/** How a failure to know who somebody is ends their connection. */
export function closeFor(error: unknown): { code: LiveClose['code']; reason: string } {
  if (error instanceof LiveClose) return { code: error.code, reason: error.message };
  if (error instanceof UnauthenticatedError) return { code: CLOSE.unauthenticated, reason: error.message };
  return { code: CLOSE.internal, reason: 'Internal error' };
}

/** Of a token whose signature was verified. */
function expiryOf(token: string): number {
  const payload = Buffer.from(token.split('.')[1], 'base64url').toString('utf8');
  return (JSON.parse(payload) as { exp: number }).exp * 1000;
}
