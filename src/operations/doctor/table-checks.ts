import { APP_ROLE } from '../../../migrations/tenant-owned.js';
import {
  isAboutPeople,
  isOfNoTenant,
  listLooseForeignKeys,
  ownRowsRule,
  listGuardedTables,
  type GuardedTable,
} from '../isolation/guarded-tables.js';
import { type Check, ok, problem } from './check.js';
import type { Connection } from './role-connections.js';

const MIGRATE =
  'Migrations set it up (ownByTenant in migrations/tenant-owned.ts); put back what was changed by hand:';

/** The ways to say whose rows a connection shows, as PostgreSQL prints them. */
const CURRENT_TENANT = [
  "(NULLIF(current_setting('toolcrib.tenant_id'::text, true), ''::text))::uuid",
  'current_tenant_id()',
  '( SELECT current_tenant_id() AS current_tenant_id)',
];

/** That every table with rows of tenants is under row-level security, by the one policy and no other. */
export async function checkTables(owner: Connection): Promise<Check[]> {
  const tables = await listGuardedTables(owner);
  const granted = await grantedPartitions(owner);
  const found = tables.flatMap((table) => [
    ...securityOf(table),
    ...ownRows(table),
    ...(table.isPartition ? partition(table, granted) : policies(table)),
  ]);
  const loose = (await listLooseForeignKeys(owner)).map(({ table, name, parent }) =>
    problem(
      `table ${table}`,
      `foreign key ${name} to ${parent} does not carry the tenant: a row may refer to another tenant's`,
      'Make it a key of (column, tenant_id), see migrations/1790000800000-tenant-keys.ts',
    ),
  );
  const all = [...found, ...loose];
  return all.length > 0
    ? all
    : [ok('row-level security', `on and forced on ${tables.length} tables, by one policy each`)];
}

function securityOf({ name, rlsEnabled, rlsForced }: GuardedTable): Check[] {
  if (rlsEnabled && rlsForced) return [];
  const fix = `${MIGRATE} ALTER TABLE "${name}" ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY`;
  return [problem(`table ${name}`, `row-level security is ${rlsEnabled ? 'not forced' : 'off'}`, fix)];
}

function policies({ name, column, policies: all }: GuardedTable): Check[] {
  const found: Check[] = [];
  const isolation = all.find((policy) => policy.name === 'tenant_isolation');
  const expected = CURRENT_TENANT.map((current) => `(${column} = ${current})`);
  const isRight =
    isolation?.roles.join() === APP_ROLE &&
    expected.includes(isolation.using ?? '') &&
    expected.includes(isolation.check ?? '');
  if (!isRight) {
    const fix = `${MIGRATE} CREATE POLICY tenant_isolation ON "${name}" TO ${APP_ROLE} USING ("${column}" = current_tenant_id()) WITH CHECK (the same)`;
    found.push(problem(`table ${name}`, `has no policy that keeps ${APP_ROLE} to its tenant`, fix));
  }
  const others = all.filter(
    (policy) =>
      policy.name !== 'tenant_isolation' &&
      !policy.isRestrictive &&
      !isOfNoTenant(policy) &&
      policy.roles.some((role) => [APP_ROLE, '-'].includes(role)),
  );
  for (const policy of others) {
    const fix = `DROP POLICY "${policy.name}" ON "${name}": policies add up, so it lets in what tenant_isolation keeps out`;
    found.push(problem(`table ${name}`, `the policy ${policy.name} is for the service, too`, fix));
  }
  return found;
}

/** A customer who calls a tool sees their own rows. */
function ownRows(table: GuardedTable): Check[] {
  if (!isAboutPeople(table)) return [];
  const { name, person, policies: all } = table;
  const rule = ownRowsRule(person!);
  const isRight = all.some(
    (policy) =>
      policy.isRestrictive &&
      policy.roles.join() === APP_ROLE &&
      policy.using === rule &&
      policy.check === rule,
  );
  if (isRight) return [];
  const fix =
    'Migrations set it up (ownByPerson in migrations/person-owned.ts); put back what was changed by hand';
  return [problem(`table ${name}`, `has no policy that keeps a customer's calls to their own rows`, fix)];
}

/** Row-level security of the parent does not bind who reads a partition itself, so nobody may. */
function partition({ name }: GuardedTable, granted: ReadonlyMap<string, string>): Check[] {
  const role = granted.get(name);
  if (role === undefined) return [];
  const fix = `REVOKE ALL ON "${name}" FROM ${role}: partitions are reached through their parent`;
  return [problem(`table ${name}`, `${role} has rights on a partition`, fix)];
}

async function grantedPartitions(owner: Connection): Promise<ReadonlyMap<string, string>> {
  const rows = await owner.query<{ name: string; role: string }[]>(`
    SELECT c.relname AS name, CASE a.grantee WHEN 0 THEN 'PUBLIC' ELSE a.grantee::regrole::text END AS role
    FROM pg_class c, aclexplode(c.relacl) a
    WHERE c.relispartition AND c.relnamespace = 'public'::regnamespace AND a.grantee <> c.relowner`);
  return new Map(rows.map(({ name, role }) => [name, role]));
}
