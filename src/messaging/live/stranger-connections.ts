import { TooManyRequestsError } from '../../platform/errors.js';
import { largestShare } from '../../platform/largest-share.js';
import { clientOf, networkOf } from '../../platform/network/client-network.js';
import type { LiveConnection } from './live-connection.js';
import { CLOSE } from './live-protocol.js';

/** Of this replica; each has `LIVE_SIGN_IN_MS` to sign in. */
const STRANGERS_MAX = 500;
const STRANGERS_PER_CLIENT = 50;

type Connection = Pick<LiveConnection, 'close'>;
type Stranger = { readonly connection: Connection; readonly client: string; readonly network: string };

/**
 * Knows the connections that have not said who they are. At the limit, the network that has most of them gives one up, so that
 * nobody can keep out people from elsewhere.
 */
export class StrangerConnections {
  private readonly byConnection = new Map<Connection, Stranger>();

  /** @throws {TooManyRequestsError} The client has its share already. */
  checkRoom(ip: string): void {
    const client = clientOf(ip);
    const own = [...this.byConnection.values()].filter((stranger) => stranger.client === client);
    if (own.length >= STRANGERS_PER_CLIENT)
      throw new TooManyRequestsError('Too many of your connections have not signed in', 10);
  }

  add(connection: Connection, ip: string): void {
    if (this.byConnection.size >= STRANGERS_MAX) this.makeRoom();
    this.byConnection.set(connection, { connection, client: clientOf(ip), network: networkOf(ip) });
  }

  /** It has signed in, or is gone. */
  delete(connection: Connection): void {
    this.byConnection.delete(connection);
  }

  private makeRoom(): void {
    const [oldest] = largestShare(this.byConnection.values(), ({ network, client }) => [network, client]);
    if (!oldest) return;
    this.byConnection.delete(oldest.connection);
    oldest.connection.close({ code: CLOSE.notSignedIn, reason: 'You have not signed in, and others wait' });
  }
}
