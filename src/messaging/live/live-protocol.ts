import { z } from 'zod';
import { withoutMark } from '../../platform/body-text.js';

/** Chosen when a client offers it; one that offers nothing is fine, too. */
export const LIVE_SUBPROTOCOL = 'toolcrib.live.v1';

/** Why a connection was ended, as WebSocket close codes (RFC 6455 section 7.4; 4000 and up are ours). */
export const CLOSE = {
  /** The replica stops: come back at once, to another one. */
  restart: 1012,
  /** A failure of ours, which is in the log. */
  internal: 1011,
  /** Not a text frame with a JSON object that has a `type`. */
  badMessage: 4400,
  /** The token has expired or is wrong, the sign-in was ended, the user disabled or the tenant suspended. */
  unauthenticated: 4401,
  /** No `authenticate` within `LIVE_SIGN_IN_MS`. */
  notSignedIn: 4408,
  /** The user has `LIVE_CONNECTIONS_PER_USER` connections. */
  userFull: 4409,
  /** The tenant has `LIVE_CONNECTIONS_PER_TENANT` connections. */
  tenantFull: 4410,
  /** More than `LIVE_UNREAD_MAX_BYTES` wait for a client that does not read: come back with the cursor. */
  slowReader: 4413,
  /** More than `LIVE_MESSAGES_PER_MINUTE`. */
  tooManyMessages: 4429,
  /** This replica has lost touch with the database: come back with the cursor, to another one. */
  unavailable: 4503,
} as const;

export type CloseReason = { readonly code: (typeof CLOSE)[keyof typeof CLOSE]; readonly reason: string };

/** Ends the connection. */
export class LiveClose extends Error {
  constructor(
    readonly code: CloseReason['code'],
    reason: string,
  ) {
    super(reason);
  }
}

/** An event as clients get it, over the socket and over REST. */
export type EventView = {
  readonly cursor: number;
  readonly kind: string;
  readonly payload: Readonly<Record<string, unknown>>;
  readonly created_at: string;
};

export type ServerMessage =
  | {
      readonly type: 'welcome';
      readonly connection_id: string;
      readonly user_id: string;
      readonly expires_at: string;
      readonly heartbeat_ms: number;
    }
  | { readonly type: 'authenticated'; readonly expires_at: string }
  | ({ readonly type: 'event' } & EventView)
  | { readonly type: 'caught_up'; readonly cursor: number; readonly complete: boolean }
  /** There is more of what was watched: read it over REST. */
  | { readonly type: 'news'; readonly topic: string }
  | { readonly type: 'pong'; readonly id?: MessageId }
  | { readonly type: 'result'; readonly id?: MessageId; readonly data: unknown }
  | {
      readonly type: 'error';
      readonly id?: MessageId;
      readonly code: string;
      readonly message: string;
      readonly details?: unknown;
    };

const messageId = z.union([z.string().max(64), z.number()]);
export type MessageId = z.output<typeof messageId>;

export const anyMessage = z.looseObject({ type: z.string().max(64), id: messageId.optional() });
export const authenticateMessage = z.object({ token: z.string().min(1).max(8192) });
export const resumeMessage = z.object({
  cursor: z.number().int().min(0).max(Number.MAX_SAFE_INTEGER).optional(),
});

export const watchMessage = z.object({ topics: z.array(z.string().max(64)).max(10) });

export type ClientMessage = z.output<typeof anyMessage>;

/** @throws {LiveClose} It is none of our messages. */
export function readMessage(data: Buffer, isBinary: boolean): ClientMessage {
  if (isBinary) throw badMessage();
  let parsed: unknown;
  try {
    parsed = JSON.parse(withoutMark(data.toString('utf8')));
  } catch {
    throw badMessage();
  }
  const message = anyMessage.safeParse(parsed);
  if (!message.success) throw badMessage();
  return message.data;
}

function badMessage(): LiveClose {
  return new LiveClose(CLOSE.badMessage, 'Send JSON objects with a type, as text');
}
