// What the policies `own_rows` cost, which keep a customer's calls to rows about them: the same calls with the policies and
// without, in turns, by an application and by a customer; and a query that reads all of a large table.
import pg from 'pg';
import { SAMPLE_SEED } from '../../dist/src/crm/sample/sample-data.js';
import { SampleIds } from '../../dist/src/crm/sample/sample-random.js';
import { percentile, round } from '../load/statistics.mjs';
import { callTimes, connectTo, disconnect, warmUp } from './calls.mjs';

const CALLS_PER_BLOCK = 40;
const TOOLS = [
  'list_tasks',
  'get_user_profile',
  'get_customer_profile',
  'get_conversation_messages',
  'get_consultation_history',
];
/** As the service's role within one tenant: what a list or a report does that reads many rows. */
const COUNT = 'SELECT count(*) FROM messages WHERE tenant_id = $1 AND sender_kind <> $2';

/** @returns `[{ by, tool, withMs, withoutMs }]`: medians. */
export async function measureOwnRows(side, rounds) {
  const superuser = new pg.Client(side.superuserUrl);
  await superuser.connect();
  const policies = await readPolicies(superuser);
  const customerId = new SampleIds(side.tenantId, SAMPLE_SEED).of('customer', 0);
  const token = await signInAsCustomer(superuser, side, customerId);
  const measured = [
    ['application', side],
    ['customer', { ...side, key: token }],
  ].flatMap(([by, target]) => {
    const [client] = connectTo(target, 1);
    return TOOLS.map((tool) => ({ by, tool, client, argumentsOf: () => ({ user_id: customerId }) }));
  });
  const rows = measured.map((one) => ({ ...one, with: [], without: [] }));
  const count = { by: 'application', tool: 'counting all messages', with: [], without: [] };
  for (const row of rows) await warmUp(row.client, row);
  for (let turn = 0; turn < rounds; turn += 1) {
    for (const which of turn % 2 === 0 ? ['with', 'without'] : ['without', 'with']) {
      for (const { drop, create } of policies) await superuser.query(which === 'with' ? create : drop);
      for (const row of rows) {
        await callTimes(row.client, row, 3); // the first ones plan anew
        row[which].push(...(await callTimes(row.client, row, CALLS_PER_BLOCK)));
      }
      if (turn < 4) count[which].push(await countAsService(superuser, side));
      for (const { drop } of which === 'with' ? policies : []) await superuser.query(drop);
    }
  }
  for (const { create } of policies) await superuser.query(create);
  await superuser.end();
  disconnect(new Set(rows.map(({ client }) => client)));
  return [...rows, count].map(({ by, tool, with: on, without }) => {
    const [withMs, withoutMs] = [on, without].map((times) =>
      percentile(
        times.toSorted((a, b) => a - b),
        0.5,
      ),
    );
    return { by, tool, withMs: round(withMs, 3), withoutMs: round(withoutMs, 3) };
  });
}

async function readPolicies(client) {
  const { rows } = await client.query(
    `SELECT format('DROP POLICY IF EXISTS own_rows ON %I', tablename) AS drop,
       format('CREATE POLICY own_rows ON %I AS RESTRICTIVE TO toolcrib_app USING (%s) WITH CHECK (%s)', tablename, qual, with_check)
         AS create
     FROM pg_policies WHERE policyname = 'own_rows'`,
  );
  for (const { drop } of rows) await client.query(drop);
  return rows;
}

/** Lets customers into the group, as an admin does; the customer has the admin's password. @returns An access token. */
async function signInAsCustomer(client, { base, admin }, customerId) {
  await client.query(
    `UPDATE users SET password_hash = (SELECT password_hash FROM users WHERE email = $1) WHERE id = $2`,
    [admin.email, customerId],
  );
  const { rows } = await client.query(
    `SELECT u.email, g.id AS "groupId" FROM users u, mcp_tool_groups g WHERE u.id = $1`,
    [customerId],
  );
  const [{ email, groupId }] = rows;
  const api = async (method, path, body, token) => {
    const response = await fetch(`${base}/api/v1${path}`, {
      method,
      headers: { 'content-type': 'application/json', ...(token && { authorization: `Bearer ${token}` }) },
      body: JSON.stringify(body),
    });
    const answer = await response.json();
    if (!response.ok) throw new Error(`${method} ${path}: ${JSON.stringify(answer)}`);
    return answer.data;
  };
  const signIn = (as) => api('POST', '/auth/login', { email: as, password: admin.password });
  const { access_token: adminToken } = await signIn(admin.email);
  await api('PUT', `/admin/groups/${groupId}`, { allowed_roles: ['customer'] }, adminToken);
  return (await signIn(email)).access_token;
}

async function countAsService(client, { tenantId }) {
  await client.query('BEGIN');
  await client.query('SET LOCAL ROLE toolcrib_app');
  await client.query(
    `SELECT set_config('toolcrib.tenant_id', $1, true), set_config('toolcrib.person_id', '', true)`,
    [tenantId],
  );
  const beganAt = performance.now();
  await client.query(COUNT, [tenantId, 'nobody']);
  const took = performance.now() - beganAt;
  await client.query('ROLLBACK');
  return took;
}
