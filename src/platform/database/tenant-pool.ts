import type { PoolClient, PoolConfig } from 'pg';
import type { Ending } from '../ending.js';
import { NoConnectionError } from '../errors.js';
import { FairPlaces } from '../fair-places.js';
import { currentScope } from '../request-scope.js';
import { faultOf } from './database-faults.js';
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
 * aborts, what its connection is doing is cancelled; and the work is told whether the database was away, so that nobody is blamed
 * for it.
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
    const owner = { tenantId: tenantId ?? '', personId };
    if (callback) return this.take(owner, ending, callback);
    return new Promise((resolve, reject) => {
      this.take(owner, ending, (error, client) => (client ? resolve(client) : reject(error)));
    });
  }

  private take(owner: RowsOwner, ending: Ending | undefined, callback: ConnectCallback): void {
    const signal = ending?.signal;
    if (signal?.aborted) return callback(new Error(ENDED), undefined, () => undefined);
    if (this.places.tryEnter(owner.tenantId)) return this.takeNow(owner, ending, callback);
    const giveUp = (error: Error) => {
      stopWaiting();
      leaveQueue();
      callback(error, undefined, () => undefined);
    };
    const end = () => {
      ending?.hindered?.(this.isOutOfReach('SELECT 1')); // those before it may hang
      giveUp(new Error(ENDED));
    };
    const timer = setTimeout(() => giveUp(new NoConnectionError()), WAIT_MAX_MS);
    const stopWaiting = () => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', end);
    };
    signal?.addEventListener('abort', end, { once: true });
    const leaveQueue = this.places.enterLater(owner.tenantId, () => {
      stopWaiting();
      this.takeNow(owner, ending, callback);
    });
  }

  /** There is a place for it, so it waits for nobody: at most for a new connection. */
  private takeNow(owner: RowsOwner, ending: Ending | undefined, callback: ConnectCallback): void {
    const ask = () => ending?.hindered?.(this.isOutOfReach('SELECT 1'));
    ending?.signal.addEventListener('abort', ask, { once: true });
    super.connect((error, client, letGo) => {
      ending?.signal.removeEventListener('abort', ask);
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
      this.hand(client, ending, release, callback);
    });
  }

  /**
   * A cancellation may reach the server after the statement it is meant for. So a connection that one was sent to is never
   * used again: it can only ever hit the work it was sent for.
   */
  private hand(
    client: PoolClient,
    ending: Ending | undefined,
    release: Release,
    callback: ConnectCallback,
  ): void {
    const signal = ending?.signal;
    if (!signal) return callback(undefined, client, release);
    if (signal.aborted) {
      release(); // while it waited its turn
      return callback(new Error(ENDED), undefined, () => undefined);
    }
    const cancel = () => {
      const isAway = this.isOutOfReach('SELECT pg_cancel_backend($1)', [this.pidOf(client)]);
      ending?.hindered?.(isAway);
    };
    const letGo: Release = (failure) => {
      signal.removeEventListener('abort', cancel);
      release(signal.aborted || failure);
    };
    client.release = letGo;
    signal.addEventListener('abort', cancel, { once: true });
    callback(undefined, client, letGo);
  }

  /** Never throws: a statement that could not be cancelled runs to its end, and nobody waits for it. */
  private async isOutOfReach(sql: string, parameters: unknown[] = []): Promise<boolean> {
    try {
      await this.aside(sql, parameters);
      return false;
    } catch (error) {
      return faultOf(error) !== undefined;
    }
  }
}
