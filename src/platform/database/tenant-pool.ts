import type { PoolClient, PoolConfig } from 'pg';
import { NoConnectionError } from '../errors.js';
import { FairPlaces } from '../fair-places.js';
import { currentScope } from '../request-scope.js';
import { LivePool } from './live-pool.js';
import { NOBODY, type RowsOwner, TenantClient } from './tenant-client.js';

type Release = (error?: Error | boolean) => void;
type ConnectCallback = (error: Error | undefined, client: PoolClient | undefined, release: Release) => void;

const WAIT_MAX_MS = 10_000;
const ENDED = 'The call that this statement belongs to was ended';

/**
 * The one place that decides whose rows a query sees. Whoever takes a connection gets it set to the tenant of the running
 * unit of work (see `request-scope.ts`), or to nobody's, and to the person when the work may see that one's rows only; the
 * row-level security policies compare with what it says in each transaction (see {@link TenantClient}).
 *
 * It is also where the statements of work that nobody waits for any more come to an end: when the signal of the unit of work
 * aborts, what its connection is doing is cancelled.
 *
 * And it is where tenants share the connections, so that a hundred slow statements of one do not keep the others from theirs: see
 * {@link FairPlaces}. Work of no tenant (a sign-in, a look for jobs) is a share of its own.
 */
export class TenantPool extends LivePool {
  private readonly places: FairPlaces;

  constructor(config: PoolConfig) {
    super({ ...config, Client: TenantClient });
    this.places = new FairPlaces(this.options.max);
  }

  override connect(): Promise<PoolClient>;
  override connect(callback: ConnectCallback): void;
  override connect(callback?: ConnectCallback): Promise<PoolClient> | void {
    const { tenantId, personId = '', ending } = currentScope() ?? {};
    const signal = ending?.signal;
    const owner = { tenantId: tenantId ?? '', personId };
    if (callback) return this.take(owner, signal, callback);
    return new Promise((resolve, reject) => {
      this.take(owner, signal, (error, client) => (client ? resolve(client) : reject(error)));
    });
  }

  private take(owner: RowsOwner, signal: AbortSignal | undefined, callback: ConnectCallback): void {
    if (signal?.aborted) return callback(new Error(ENDED), undefined, () => undefined);
    if (this.places.tryEnter(owner.tenantId)) return this.takeNow(owner, signal, callback);
    const giveUp = (error: Error) => {
      stopWaiting();
      leaveQueue();
      callback(error, undefined, () => undefined);
    };
    const end = () => giveUp(new Error(ENDED));
    const timer = setTimeout(() => giveUp(new NoConnectionError()), WAIT_MAX_MS);
    const stopWaiting = () => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', end);
    };
    signal?.addEventListener('abort', end, { once: true });
    const leaveQueue = this.places.enterLater(owner.tenantId, () => {
      stopWaiting();
      this.takeNow(owner, signal, callback);
    });
  }

  /** There is a place for it, so it waits for nobody: at most for a new connection. */
  private takeNow(owner: RowsOwner, signal: AbortSignal | undefined, callback: ConnectCallback): void {
    super.connect((error, client, letGo) => {
      if (!client) {
        this.places.leave(owner.tenantId);
        return callback(error, undefined, () => undefined);
      }
      const release: Release = (failure) => {
        (client as unknown as TenantClient).owner = NOBODY;
        letGo(failure);
        this.places.leave(owner.tenantId);
      };
      client.release = release;
      (client as unknown as TenantClient).owner = owner;
      this.hand(client, signal, release, callback);
    });
  }

  /**
   * A cancellation may reach the server after the statement it is meant for. So a connection that one was sent to is never
   * used again: it can only ever hit the work it was sent for.
   */
  private hand(
    client: PoolClient,
    signal: AbortSignal | undefined,
    release: Release,
    callback: ConnectCallback,
  ): void {
    if (!signal) return callback(undefined, client, release);
    if (signal.aborted) {
      release(); // while it waited its turn
      return callback(new Error(ENDED), undefined, () => undefined);
    }
    const cancel = () => void this.cancel(client);
    const letGo: Release = (failure) => {
      signal.removeEventListener('abort', cancel);
      release(signal.aborted || failure);
    };
    client.release = letGo;
    signal.addEventListener('abort', cancel, { once: true });
    callback(undefined, client, letGo);
  }

  private async cancel(client: PoolClient): Promise<void> {
    try {
      await this.aside('SELECT pg_cancel_backend($1)', [this.pidOf(client)]);
    } catch {
      // Then the statement runs to its end; nobody waits for it.
    }
  }
}
