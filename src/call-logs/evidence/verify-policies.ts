import type { Client } from 'pg';
import type { Finding } from './report.js';

/** What a role reads to verify the log, and the one condition that decides which rows it sees; null: it sees all. */
export type Readable = { readonly table: string; readonly shows: string | null };

/** As PostgreSQL prints what migrations make (`ownByTenant` in `migrations/tenant-owned.ts`). */
const OF_THE_TENANT = `(tenant_id = (NULLIF(current_setting('toolcrib.tenant_id'::text, true), ''::text))::uuid)`;
const EVERYBODYS = 'true';

export const READ_BY_SERVICE: readonly Readable[] = [
  ...[
    'mcp_call_logs',
    'call_log_batches',
    'call_log_checkpoints',
    'call_log_deliveries',
    'call_log_removals',
    'call_log_uncovered',
  ].map((table) => ({ table, shows: OF_THE_TENANT })),
  ...['call_log_signing_keys', 'call_log_key_rotations', 'replicas'].map((table) => ({ table, shows: null })),
];
export const READ_BY_SYSTEM: readonly Readable[] = [{ table: 'tenants', shows: EVERYBODYS }];

type Policy = { readonly name: string; readonly isRestrictive: boolean; readonly using: string | null };
type Table = {
  readonly name: string;
  /** A table, in the schema where migrations made it, and no other thing of that name before it. */
  readonly isOurs: boolean;
  readonly isGuarded: boolean;
  /** Those that decide what the role sees. */
  readonly policies: readonly Policy[];
};

const TABLES = `SELECT t.name, coalesce(c.relkind IN ('r', 'p') AND c.oid = to_regclass(format('public.%I', t.name)), false) AS "isOurs",
    coalesce(c.relrowsecurity, false) AS "isGuarded",
    coalesce((SELECT jsonb_agg(jsonb_build_object('name', p.polname, 'isRestrictive', NOT p.polpermissive,
        'using', pg_get_expr(p.polqual, p.polrelid)) ORDER BY p.polname)
      FROM pg_catalog.pg_policy p WHERE p.polrelid = c.oid AND p.polcmd IN ('r', '*') AND EXISTS (
        SELECT FROM unnest(p.polroles) AS role WHERE role = 0 OR pg_has_role(role, 'USAGE'))), '[]') AS policies
  FROM unnest($1::text[]) WITH ORDINALITY AS t(name, n)
  LEFT JOIN pg_catalog.pg_class c ON c.oid = to_regclass(quote_ident(t.name)) ORDER BY t.n`;

/**
 * Finds what keeps rows from the role that reads: a policy that somebody made or changed, a view in the place of a table. What is
 * hidden from this check looks as if it had never been there, and what is hidden from the service alone does so to its people.
 */
export async function findHiding(client: Client, readable: readonly Readable[]): Promise<Finding[]> {
  const { rows } = await client.query<Table>(TABLES, [readable.map(({ table }) => table)]);
  return rows.flatMap((table, index) =>
    hidingIn(table, readable[index].shows).map((what): Finding => ({
      kind: 'rows_hidden',
      message: `${table.name}: ${what}`,
    })),
  );
}

function hidingIn({ isOurs, isGuarded, policies }: Table, shows: string | null): string[] {
  if (!isOurs) return ['it is not the table that the migrations made'];
  if (!isGuarded) return [];
  const restrictive = policies.filter((policy) => policy.isRestrictive).map(takesAway);
  // Permissive ones add up: what the right one shows, another one does not hide.
  const isShown = policies.some(({ isRestrictive, using }) => !isRestrictive && using === shows);
  if (isShown) return restrictive;
  const changed = policies.filter((policy) => !policy.isRestrictive).map(takesAway);
  return [...restrictive, ...(changed.length > 0 ? changed : ['no policy shows its rows'])];
}

function takesAway({ name, using }: Policy): string {
  return `the policy ${name} was made or changed by somebody and decides which rows are seen: ${using ?? 'none'}`;
}
