import type { Socket } from 'node:net';
import type { ClientBase, DatabaseError } from 'pg';

/** How every connection of ours finds out that a silent peer is gone: after five seconds, and ten probes of a second. */
export const KEEP_ALIVE = { keepAlive: true, keepAliveInitialDelayMillis: 5000 } as const;

const GOODBYE_MS = 1000;

/** What the driver knows of a connection and does not declare. */
type Inside = {
  readonly connection: {
    readonly stream: Socket;
    on(event: 'errorMessage', listener: (error: DatabaseError) => void): void;
  };
  readonly readyForQuery?: boolean;
};

const inside = (client: ClientBase) => client as unknown as Inside;

/** Whether the server owes the connection an answer. */
export function isOwedAnswer(client: ClientBase): boolean {
  return inside(client).readyForQuery === false;
}

/** Counts what has come from the server. */
export function bytesHeard(client: ClientBase): number {
  return inside(client).connection.stream.bytesRead;
}

/** Tells of every error that the server reports, whoever sent the statement. */
export function onServerError(client: ClientBase, listener: (error: DatabaseError) => void): void {
  inside(client).connection.on('errorMessage', listener);
}

/** Ends a connection without a word to a peer that may not be there: what waits for an answer fails at once. */
export function cutLine(client: ClientBase): void {
  inside(client).connection.stream.destroy();
}

/** Says goodbye, and waits no longer than a moment for the peer to hear it. */
export async function endLine(client: ClientBase & { end(): Promise<void> }): Promise<void> {
  const timer = setTimeout(() => cutLine(client), GOODBYE_MS);
  try {
    await client.end();
  } catch {
    // It has ended otherwise.
  } finally {
    clearTimeout(timer);
  }
}
