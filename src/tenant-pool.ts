import { Pool, type PoolClient } from 'pg';
import { currentScope } from './common/request-scope.js';

type Release = (error?: Error | boolean) => void;
type ConnectCallback = (error: Error | undefined, client: PoolClient | undefined, release: Release) => void;

/** The session setting that the row-level security policies compare `tenant_id` with. */
export const TENANT_SETTING = 'toolcrib.tenant_id';

/** Whose rows a connection shows; it is asked once and stays so until the next unit of work is somebody else's. */
const tenantOf = new WeakMap<PoolClient, string>();

/**
 * The one place that decides whose rows a query sees. Whoever takes a connection gets it set to the tenant of the running
 * unit of work (see `request-scope.ts`), or to nobody's. It costs a round trip only when the connection last served another
 * tenant.
 *
 * The setting belongs to the session, so a pooler that deals sessions out per transaction (PgBouncer in transaction mode)
 * must not stand in between.
 */
export class TenantPool extends Pool {
  override connect(): Promise<PoolClient>;
  override connect(callback: ConnectCallback): void;
  override connect(callback?: ConnectCallback): Promise<PoolClient> | void {
    const tenantId = currentScope()?.tenantId ?? '';
    const taken = super.connect().then((client) => claim(client, tenantId));
    if (!callback) return taken;
    taken.then(
      (client) => callback(undefined, client, (error) => client.release(error)),
      (error: Error) => callback(error, undefined, () => undefined),
    );
  }
}

async function claim(client: PoolClient, tenantId: string): Promise<PoolClient> {
  if (tenantOf.get(client) === tenantId) return client;
  try {
    await client.query(`SELECT set_config('${TENANT_SETTING}', $1, false)`, [tenantId]);
  } catch (error) {
    client.release(error as Error);
    throw error;
  }
  tenantOf.set(client, tenantId);
  return client;
}
