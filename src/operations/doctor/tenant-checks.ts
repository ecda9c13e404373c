import { MADE_UP } from '../../access/tenant.entity.js';
import { type Check, ok, warning } from './check.js';
import type { Connection } from './role-connections.js';

/** Whether a `doctor --isolation` was killed, or is under way, and left tenants of its own. */
export async function checkMadeUpTenants(system: Connection): Promise<Check> {
  const name = 'tenants';
  const [{ count }] = await system.query<[{ count: number }]>(
    `SELECT count(*)::int AS count FROM tenants WHERE ${MADE_UP}`,
  );
  if (count === 0) return ok(name, 'none is made up');
  return warning(
    name,
    `${count} were made up by an isolation check that was killed or is under way; no list shows them and no job of theirs runs`,
    'When none is under way, run toolcrib doctor --isolation: it removes them before it begins',
  );
}
