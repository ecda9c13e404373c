import { randomBytes, randomUUID } from 'node:crypto';
import type { INestApplication } from '@nestjs/common';
import { getDataSourceToken } from '@nestjs/typeorm';
import { DataSource } from 'typeorm';
import { newId } from '../../platform/new-id.js';
import { hashPassword } from '../../auth/sign-in/passwords.js';
import { MADE_UP, Tenant } from '../../access/tenant.entity.js';
import { User } from '../../access/user.entity.js';
import { inTenant } from '../../platform/request-scope.js';
import { SYSTEM_DATABASE } from '../../platform/database/system-database.js';
import { generateSample } from '../../crm/sample/sample-data.js';
import { ToolRegistry } from '../../tools/tool-registry.js';
import { type Answer, send } from './http.js';
import { listGuardedTables, onlyReadable, rowsOf, type GuardedTable } from './guarded-tables.js';

/** For whoever reads the log; what they are is told by `MADE_UP`. */
const TENANT_PREFIX = 'toolcrib isolation check ';

/** What is attacked: a running service, and the database's owner to remove the traces. */
export type Target = {
  /** Listening at {@link url}. */
  readonly app: INestApplication;
  readonly url: string;
  readonly owner: DataSource;
};

export type SideGroup = { readonly id: string; readonly code: string; readonly key: string };

/** One of two tenants that look alike. */
export type Side = {
  readonly tenantId: string;
  /** The owner's. */
  readonly userId: string;
  /** In every name, address and code of this tenant and nowhere else. Letters and digits. */
  readonly marker: string;
  /** The same in contents: descriptions, messages, notes. */
  readonly secret: string;
  readonly email: string;
  readonly password: string;
  token: string;
  refreshToken: string;
  /** Has every tool. */
  readonly group: SideGroup;
  /** Has sessions, and no tool. */
  readonly sessionGroup: SideGroup;
};

/** Texts of the business that get the tenant's marker ($1) and secret ($2). */
const MARKED = [
  `UPDATE users SET display_name = left(display_name, 60) || ' ' || $1::text, username = left(username, 30) || '.' || $1::text,
     email = $1::text || '.' || email, avatar_url = 'https://example.test/' || $2::text WHERE NOT 'owner' = ANY (roles)`,
  `UPDATE projects SET name = name || ' ' || $1::text, code = left(code, 40) || '-' || $1::text, description = $2::text`,
  `UPDATE conversations SET title = left(title, 150) || ' ' || $1::text || left($2::text, 0),
     consultant_id = (SELECT id FROM users WHERE 'owner' = ANY (roles))`, // only a consultant writes in one
  `UPDATE messages SET content = content || ' ' || $2::text || left($1::text, 0)`,
  `UPDATE tasks SET title = left(title, 150) || ' ' || $1::text, description = $2::text, status = 'open', closed_at = NULL`,
  `UPDATE consultations SET notes = notes || ' ' || $2::text || left($1::text, 0)`,
  `UPDATE customer_profiles SET skin_notes = $2::text, health_notes = $2::text, city = $2::text, tags = ARRAY[$1::text]`,
];

/** Makes a tenant with an owner who is signed in, a business, and two groups. */
export async function makeSide(target: Target, tenantId: string): Promise<Side> {
  const { app } = target;
  const [marker, secret] = [
    `mark${randomBytes(6).toString('hex')}`,
    `secret${randomBytes(6).toString('hex')}`,
  ];
  const [email, password] = [`owner.${marker}@example.test`, randomUUID()];
  const dataSource = app.get(DataSource);
  const system = app.get<DataSource>(getDataSourceToken(SYSTEM_DATABASE));
  await system
    .getRepository(Tenant)
    .insert({ id: tenantId, name: `${TENANT_PREFIX}${marker}`, enabled: true, removingAt: new Date() });
  const owner = { id: newId(), tenantId, email, username: `owner.${marker}`, displayName: `Owner ${marker}` };
  const passwordHash = await hashPassword(password);
  await inTenant(tenantId, () =>
    dataSource
      .getRepository(User)
      .insert({ ...owner, passwordHash, roles: ['owner', 'admin', 'consultant'] }),
  );
  await generateSample(dataSource, { tenantId, customers: 4, messagesPerCustomer: 6 });
  for (const statement of MARKED)
    await inTenant(tenantId, () => dataSource.query(statement, [marker, secret]));
  const side = { tenantId, userId: owner.id, marker, secret, email, password, token: '', refreshToken: '' };
  await signIn(target, side);
  const tools = app.get(ToolRegistry).definitions();
  const group = await makeGroup(target, side, { name: `Group ${marker}`, code: `g-${marker}` });
  for (const { name } of tools) {
    const body = { tool_name: name, description: `${name} ${secret}` };
    await asOwner(target, side, 'POST', `/api/v1/admin/groups/${group.id}/tools`, body);
  }
  await makePlan(target, side);
  const sessionGroup = await makeGroup(target, side, {
    name: `Sessions ${marker}`,
    code: `s-${marker}`,
    sessions: true,
  });
  return Object.assign(side, { group, sessionGroup });
}

/** A made-up row would be no plan that can be read: what it says is checked before it is stored. */
async function makePlan(target: Target, side: Pick<Side, 'tenantId' | 'token' | 'secret'>): Promise<void> {
  const dataSource = target.app.get(DataSource);
  const customers = await inTenant(side.tenantId, () =>
    dataSource.query<{ id: string }[]>(`SELECT id FROM users WHERE 'customer' = ANY (roles) ORDER BY id`),
  );
  const services = await inTenant(side.tenantId, () =>
    dataSource.query<{ name: string }[]>('SELECT name FROM projects ORDER BY price_max_cents'),
  );
  const goals = [...services.map(({ name }) => name), side.secret];
  let refused = 'there is no customer';
  for (const { id: customer_id } of customers) {
    const body = { customer_id, goals, budget_max_cents: 2_000_000_000 };
    const answer = await asOwner(target, side, 'POST', '/api/v1/plan-generation', body);
    if (answer.status === 201) return;
    refused = `${answer.status} ${answer.text}`;
  }
  throw new Error(`The check's own plan cannot be made: ${refused}`);
}

/** Something more to lose, before an attack takes away what was first. */
export async function addSpare(target: Target, side: Side): Promise<void> {
  const group = await makeGroup(target, side, {
    name: `Spare ${newId()}`,
    code: `x-${randomUUID().slice(0, 20)}`,
  });
  const [tool] = target.app.get(ToolRegistry).definitions();
  const body = { tool_name: tool?.name };
  await asOwner(target, side, 'POST', `/api/v1/admin/groups/${group.id}/tools`, body);
}

/** Some routes end the sign-in of whoever calls them, and the check may take longer than an access token lives. */
export async function staySignedIn(target: Target, side: Side): Promise<void> {
  if (isHalfOver(side.token)) return signIn(target, side);
  const { status } = await asOwner(target, side, 'GET', '/api/v1/auth/me');
  if (status === 401) await signIn(target, side);
}

/** Of an access token's life; also of what is none. */
function isHalfOver(token: string): boolean {
  try {
    const claims = JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString()) as unknown;
    const { iat, exp } = claims as { readonly iat: number; readonly exp: number };
    return !(Date.now() / 1000 < (iat + exp) / 2);
  } catch {
    return true;
  }
}

/** Signs in anew: an attack may have ended the last sign-in. */
export async function signIn(
  { url }: Target,
  side: Pick<Side, 'email' | 'password' | 'token' | 'refreshToken'>,
): Promise<void> {
  const body = { email: side.email, password: side.password };
  const answer = await send({ method: 'POST', url: `${url}/api/v1/auth/login`, body });
  const { data } = (answer.json ?? {}) as { data?: { access_token?: string; refresh_token?: string } };
  if (!data?.access_token)
    throw new Error(`The check's own user cannot sign in: ${answer.status} ${answer.text}`);
  side.token = data.access_token;
  side.refreshToken = data.refresh_token ?? '';
}

/** A REST request of a tenant's owner. */
export function asOwner(
  { url }: Target,
  side: Pick<Side, 'token'>,
  method: string,
  path: string,
  body?: unknown,
): Promise<Answer> {
  return send({ method, url: `${url}${path}`, headers: { authorization: `Bearer ${side.token}` }, body });
}

async function makeGroup(
  target: Target,
  side: Omit<Side, 'group' | 'sessionGroup'>,
  group: { readonly name: string; readonly code: string; readonly sessions?: boolean },
): Promise<SideGroup> {
  const { name, code: server_code, sessions = false } = group;
  const body = { name, sessions, description: side.secret, server_code };
  const answer = await asOwner(target, side, 'POST', '/api/v1/admin/groups', body);
  const { data } = (answer.json ?? {}) as { data?: { id: string; server_code: string; api_key: string } };
  if (!data) throw new Error(`The check's own group cannot be made: ${answer.status} ${answer.text}`);
  return { id: data.id, code: data.server_code, key: data.api_key };
}

/** Removes the tenants with everything, and those of a run that was killed: whoever holds the check's lock is the only one. */
export async function removeSides({ app, owner }: Target, tenantIds: readonly string[]): Promise<void> {
  const system = app.get<DataSource>(getDataSourceToken(SYSTEM_DATABASE));
  const found = await system.query<{ id: string }[]>(`SELECT id FROM tenants WHERE ${MADE_UP}`);
  const ids = [...new Set([...tenantIds, ...found.map(({ id }) => id)])];
  if (ids.length === 0) return;
  await system.query('DELETE FROM tenants WHERE id = ANY ($1)', [ids]);
  const dataSource = app.get(DataSource);
  const tables = (await listGuardedTables(owner)).filter(({ isPartition }) => !isPartition);
  const readable = await onlyReadable(dataSource, tables);
  for (const table of tables) {
    const isEmpty = readable.includes(table) && !(await hasRows(dataSource, table, ids));
    if (!isEmpty) await removeRows(owner, table, ids);
  }
}

async function hasRows(dataSource: DataSource, table: GuardedTable, ids: readonly string[]) {
  for (const id of ids) {
    const sql = `SELECT 1 FROM ${rowsOf(table, [id])} LIMIT 1`;
    if ((await inTenant(id, () => dataSource.query<object[]>(sql))).length > 0) return true;
  }
  return false;
}

/**
 * What is tied to a tenant by no foreign key: records. Row-level security binds the owner, too, and no role of the service
 * may delete a record; so the owner gives itself a policy for these tenants and takes it back in the same transaction.
 */
async function removeRows(owner: DataSource, table: GuardedTable, ids: readonly string[]): Promise<void> {
  const { name, column } = table;
  const list = ids.map((id) => `'${id}'`).join(', ');
  await owner.transaction(async (manager) => {
    await manager.query(`SET LOCAL lock_timeout = '5s'`);
    await manager.query(
      `CREATE POLICY isolation_check ON "${name}" TO CURRENT_USER USING ("${column}" IN (${list}))`,
    );
    await manager.query(`DELETE FROM ${rowsOf(table, ids)}`);
    await manager.query(`DROP POLICY isolation_check ON "${name}"`);
  });
}
