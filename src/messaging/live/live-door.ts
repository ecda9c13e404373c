import { type IncomingMessage, STATUS_CODES } from 'node:http';
import type { Duplex } from 'node:stream';
import { Injectable, Logger } from '@nestjs/common';
import { AllowedSites } from '../../platform/network/allowed-sites.js';
import { wellFormedJson } from '../../platform/well-formed-json.js';
import type { ErrorEnvelope } from '../../platform/rest/envelope.js';
import { databaseUnavailability } from '../../platform/database/database-faults.js';
import { AppError, ForbiddenError, UnavailableError } from '../../platform/errors.js';
import { Replica } from '../../platform/replicas/replica.js';
import { Config } from '../../platform/config.js';
import type { Identity } from './live-connection.js';
import { LiveIdentities } from './live-identities.js';

const BEARER = /^Bearer +(\S+)$/i;

/** Who may open a WebSocket: Host and Origin, and the token when there is one with the request. */
@Injectable()
export class LiveDoor {
  private readonly logger = new Logger(LiveDoor.name);
  private readonly sites: AllowedSites;

  constructor(
    config: Config,
    private readonly replica: Replica,
    private readonly identities: LiveIdentities,
  ) {
    this.sites = new AllowedSites(config);
  }

  /**
   * @returns Undefined: the client has not said who it is, and is to do so in its first message.
   * @throws {AppError} It may not come in.
   */
  async admit(request: IncomingMessage): Promise<Identity | undefined> {
    const { host, origin, authorization } = request.headers;
    if (!this.sites.hasHost(host))
      throw new ForbiddenError('Requests for this host are not served; see ALLOWED_HOSTS');
    // A browser opens WebSockets across origins without asking, so this is the only check of it.
    if (origin !== undefined && !this.sites.hasOrigin(origin))
      throw new ForbiddenError('Pages of this origin may not call; see ALLOWED_ORIGINS');
    if (!this.replica.mayServe)
      throw new UnavailableError(
        'This replica has lost touch with the database. Try again in a few seconds.',
      );
    if (authorization === undefined) return undefined;
    return this.identities.identify(BEARER.exec(authorization)?.[1] ?? '');
  }

  /** Answers in HTTP that there will be no WebSocket. */
  refuse(socket: Duplex, error: unknown): void {
    const known = databaseUnavailability(error) ?? error;
    if (!(known instanceof AppError)) this.logger.error('A WebSocket was not opened', error);
    const told = known instanceof AppError ? known : new UnavailableError('Internal error');
    const answer: ErrorEnvelope = {
      success: false,
      message: told.message,
      error: { code: told.code, details: told.details },
    };
    const body = wellFormedJson(answer);
    // Node keeps the half that the client leaves open, and no timeout of HTTP counts any more.
    socket.once('finish', () => socket.destroy());
    socket.end(
      `HTTP/1.1 ${told.status} ${STATUS_CODES[told.status]}\r\nConnection: close\r\nContent-Type: application/json\r\n` +
        (told.status === 401 ? 'WWW-Authenticate: Bearer realm="toolcrib"\r\n' : '') +
        `Content-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
    );
  }
}
