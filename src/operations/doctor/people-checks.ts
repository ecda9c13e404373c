import { toAddress } from '../../platform/identity-text.js';
import { type Check, ok, warning } from './check.js';
import type { Connection } from './role-connections.js';

/** More of them are not looked at. */
const ODD_MAX = 10_000;
const NAMED_MAX = 5;

type Account = { readonly id: string; readonly tenantId: string; readonly email: string };

/** Accounts from before addresses had one writing: two that are one to whoever types it. */
export async function checkAddressesOfPeople(system: Connection): Promise<Check> {
  const name = 'addresses of people';
  const odd = await system.query<Account[]>(
    `SELECT id, tenant_id AS "tenantId", email FROM users
     WHERE email ~ '[^[:ascii:]]' OR email ~ '[[:upper:]]' OR email ~ '@(.*\\.)?xn--' LIMIT ${ODD_MAX}`,
  );
  const forms = [...new Set(odd.map(({ email }) => toAddress(email)))];
  const plain = await system.query<Account[]>(
    'SELECT id, tenant_id AS "tenantId", email FROM users WHERE email = ANY ($1)',
    [forms],
  );
  const all = new Map([...odd, ...plain].map((account) => [account.id, account]));
  const groups = Map.groupBy(all.values(), ({ tenantId, email }) => `${tenantId} ${toAddress(email)}`);
  const shared = [...groups.values()].filter((accounts) => accounts.length > 1);
  if (shared.length === 0) return ok(name, 'each is one person');
  const shown = shared.slice(0, NAMED_MAX).map((accounts) => accounts.map(({ id }) => id).join(' and '));
  const more = shared.length > NAMED_MAX ? ` and ${shared.length - NAMED_MAX} more` : '';
  return warning(
    name,
    `accounts of one tenant have the same address, written otherwise: ${shown.join('; ')}${more}`,
    'Give one of each the address of somebody else, or turn it off: who signs in is taken for the one that was written so',
  );
}
