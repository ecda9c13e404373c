import { Pool, type PoolClient } from 'pg';
import { currentScope } from './common/request-scope.js';

type Release = (error?: Error | boolean) => void;
type ConnectCallback = (error: Error | undefined, client: PoolClient | undefined, release: Release) => void;

const SET_TENANT = `SELECT set_config('toolcrib.tenant_id', $1, false)`;

/** Whose rows a connection shows; it stays so until a unit of work of somebody else takes the connection. */
const tenantOf = new WeakMap<PoolClient, string>();

/**
 * The one place that decides whose rows a query sees. Whoever takes a connection gets it set to the tenant of the running
 * unit of work (see `request-scope.ts`), or to nobody's; the row-level security policies compare with that setting. It costs
 * a round trip only when the connection last served another tenant.
 *
 * The setting belongs to the session, so a pooler that deals sessions out per transaction (PgBouncer in transaction mode)
 * must not stand in between.
 */
export class TenantPool extends Pool {
  override connect(): Promise<PoolClient>;
  override connect(callback: ConnectCallback): void;
  override connect(callback?: ConnectCallback): Promise<PoolClient> | void {
    const tenantId = currentScope()?.tenantId ?? '';
    if (callback) return this.take(tenantId, callback);
    return new Promise((resolve, reject) => {
      this.take(tenantId, (error, client) => (client ? resolve(client) : reject(error)));
    });
  }

  private take(tenantId: string, callback: ConnectCallback): void {
    super.connect((error, client, release) => {
      if (!client || tenantOf.get(client) === tenantId) return callback(error, client, release);
      // The pool has stopped listening and the taker does not yet: a connection lost just now would end the process.
      client.on('error', ignore);
      client.query(SET_TENANT, [tenantId], (refused: Error | null) => {
        client.off('error', ignore);
        if (refused) {
          release(refused);
          return callback(refused, undefined, () => undefined);
        }
        tenantOf.set(client, tenantId);
        callback(undefined, client, release);
      });
    });
  }
}

/** The query fails with it. */
function ignore(): void {}
