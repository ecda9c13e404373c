import { type Check, ok, warning } from './check.js';
import type { Connection } from './role-connections.js';

const NAMED_MAX = 10;

/** Which groups let people in beside their keys: somebody should know of each. */
export async function checkPeopleInGroups(system: Connection): Promise<Check> {
  const name = 'people in groups';
  const rows = await system.query<{ code: string; roles: string[] }[]>(
    `SELECT server_code AS code, allowed_roles AS roles FROM mcp_tool_groups
     WHERE enabled AND cardinality(allowed_roles) > 0 ORDER BY 'customer' = ANY (allowed_roles) DESC, server_code`,
  );
  if (rows.length === 0) return ok(name, 'every group opens to its keys only');
  const shown = rows.slice(0, NAMED_MAX).map(({ code, roles }) => `${code} (${roles.join(', ')})`);
  const more = rows.length > NAMED_MAX ? ` and ${rows.length - NAMED_MAX} more` : '';
  return warning(
    name,
    `these groups also let in people with the roles they name: ${shown.join(', ')}${more}`,
    'Where only applications should call, take the roles out of allowed_roles; customers see own rows only, auditors only read',
  );
}
