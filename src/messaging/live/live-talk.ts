import { Injectable, Logger } from '@nestjs/common';
import { AppError, InvalidInputError } from '../../platform/errors.js';
import { newId } from '../../platform/new-id.js';
import { runInScope } from '../../platform/request-scope.js';
import { Config } from '../../platform/config.js';
import { LiveCommands } from './live-commands.js';
import type { Identity, LiveConnection } from './live-connection.js';
import { LiveIdentities } from './live-identities.js';
import { LivePresences } from './live-presences.js';
import {
  authenticateMessage,
  CLOSE,
  type ClientMessage,
  LiveClose,
  type MessageId,
  resumeMessage,
} from './live-protocol.js';
import { LiveRooms } from './live-rooms.js';

/** Where a client called from, for the audit. */
export type Origin = { readonly ip: string | null; readonly userAgent: string | null };

/** What clients say at `/ws`, and what they are answered: docs/consultants.md has the protocol. */
@Injectable()
export class LiveTalk {
  private readonly logger = new Logger(LiveTalk.name);

  constructor(
    private readonly config: Config,
    private readonly identities: LiveIdentities,
    private readonly presences: LivePresences,
    private readonly rooms: LiveRooms,
    private readonly commands: LiveCommands,
  ) {}

  /** Lets somebody in whose token was good a moment ago. */
  async signIn(connection: LiveConnection, identity: Identity): Promise<void> {
    const { tenantId, userId } = identity.caller;
    await this.presences.enter({ id: connection.id, tenantId, userId });
    connection.identity = identity;
    if (connection.isClosed) return this.signOut(connection);
    this.rooms.enter(connection);
    if (!(await this.identities.keep(connection))) return;
    connection.send({
      type: 'welcome',
      connection_id: connection.id,
      user_id: userId,
      expires_at: new Date(identity.expiresAtMs).toISOString(),
      heartbeat_ms: this.config.env.LIVE_HEARTBEAT_MS,
    });
  }

  async signOut(connection: LiveConnection): Promise<void> {
    this.rooms.leave(connection);
    await this.presences.leave(connection.id);
  }

  /** Takes one message. @throws {LiveClose} It ends the connection. */
  async take(connection: LiveConnection, message: ClientMessage, origin: Origin): Promise<void> {
    if (message.type === 'authenticate') return this.authenticate(connection, message);
    if (!connection.identity) throw new LiveClose(CLOSE.unauthenticated, 'Send authenticate first');
    if (!(await this.identities.keep(connection))) return;
    if (message.type === 'ping') return connection.send({ type: 'pong', ...idOf(message) });
    try {
      if (message.type === 'resume') return await this.resume(connection, message);
      const data = await this.run(connection, message, origin);
      connection.send({ type: 'result', ...idOf(message), data });
    } catch (error) {
      this.answerError(connection, message, error);
    }
  }

  private async authenticate(connection: LiveConnection, message: ClientMessage): Promise<void> {
    const parsed = authenticateMessage.safeParse(message);
    if (!parsed.success) throw new LiveClose(CLOSE.unauthenticated, 'Send the access token as token');
    const { identity: known } = connection;
    const identity = await this.identities.identify(parsed.data.token);
    if (!known) return this.signIn(connection, identity);
    const { tenantId, userId } = known.caller;
    if (identity.caller.tenantId !== tenantId || identity.caller.userId !== userId)
      throw new LiveClose(CLOSE.unauthenticated, 'This is the token of somebody else; open a new connection');
    connection.identity = identity;
    connection.send({ type: 'authenticated', expires_at: new Date(identity.expiresAtMs).toISOString() });
  }

  private async resume(connection: LiveConnection, message: ClientMessage): Promise<void> {
    const parsed = resumeMessage.safeParse(message);
    if (!parsed.success) throw new InvalidInputError('cursor must be a number that came with an event');
    if (connection.position !== undefined)
      throw new InvalidInputError('You have begun already; to begin elsewhere, open a new connection');
    await this.rooms.begin(connection, parsed.data.cursor);
  }

  private async run(connection: LiveConnection, message: ClientMessage, origin: Origin): Promise<unknown> {
    if (message.type === 'watch') return this.rooms.watches.watch(connection, message);
    const { caller } = connection.identity!;
    const scope = { requestId: newId(), tenantId: caller.tenantId, ...origin };
    return runInScope(scope, () => this.commands.run(caller, message));
  }

  private answerError(connection: LiveConnection, message: ClientMessage, error: unknown): void {
    if (!(error instanceof AppError)) this.logger.error(`A live ${message.type} failed`, error);
    const { code, message: text, details } = error instanceof AppError ? error : INTERNAL;
    connection.send({ type: 'error', ...idOf(message), code, message: text, details });
  }
}

const INTERNAL = { code: 'internal', message: 'Internal error', details: undefined };

function idOf({ id }: ClientMessage): { readonly id?: MessageId } {
  return id === undefined ? {} : { id };
}
