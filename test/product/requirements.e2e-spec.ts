import { v7 as newId } from 'uuid';
import { announce, newCustomer, type TestCustomer } from '../support/customers.js';
import { LiveClient } from '../support/live.js';
import { legacy, newGroup, send, type TestGroup } from '../support/mcp.js';
import { createTestApp, type TestApp, type TestTenant } from '../support/test-app.js';
import { ALIASES, ANSWERS, NOTICE, ROUTES, STEPS, TABLES, TOOLS } from './requirements.js';

const CUSTOMER_TOOLS = [...new Set(TOOLS.map(([, tool]) => ALIASES[tool] ?? tool))];

describe('the names of the requirement document', () => {
  let t: TestApp;
  let tenant: TestTenant;
  let group: TestGroup;
  let managed: TestGroup;
  let customer: TestCustomer & { readonly username: string; readonly task_id: string };

  beforeAll(async () => {
    t = await createTestApp();
    tenant = await t.newTenant();
    group = await newGroup(t, tenant, { tools: CUSTOMER_TOOLS });
    // Its key is changed by one of the rows.
    managed = await newGroup(t, tenant, { tools: CUSTOMER_TOOLS });
    const made = await newCustomer(t, tenant.tenantId);
    const [{ username }] = await t.dataSource.query<[{ username: string }]>(
      'SELECT username FROM users WHERE id = $1',
      [made.userId],
    );
    const task = { name: 'create_task', arguments: { user_id: made.userId, title: 'Call back' } };
    const { body } = await send(group, legacy('tools/call', task));
    const { task_id } = body.result!['structuredContent'] as { task_id: string };
    customer = { ...made, username, task_id };
  });
  afterAll(() => t.close());

  const fill = (text: string): string =>
    text
      .replaceAll('{group}', managed.id)
      .replaceAll('{customer}', customer.userId)
      .replaceAll('{task}', customer.task_id)
      .replaceAll('{username}', customer.username);

  it.each(ROUTES)('%s: there is %s', async (_section, route) => {
    const document = (await (await fetch(`${t.url}/api/docs-json`)).json()) as {
      paths: Record<string, Record<string, unknown>>;
    };
    const routes = Object.entries(document.paths).flatMap(([path, methods]) =>
      Object.keys(methods).map((method) => `${method.toUpperCase()} ${path.replaceAll(/\{\w+\}/g, '{}')}`),
    );
    expect(routes).toContain(route.replace(' ', ' /api/v1').replaceAll(/\{\w+\}/g, '{}'));
  });

  it.each(TABLES)('%s: %s has the columns %s', async (_section, table, names) => {
    const rows = await t.dataSource.query<{ name: string }[]>(
      `SELECT column_name AS name FROM information_schema.columns WHERE table_schema = current_schema() AND table_name = $1`,
      [table],
    );
    expect(rows.map(({ name }) => name)).toEqual(expect.arrayContaining(names.split(' ')));
  });

  it.each(ANSWERS)('%s: %s gives %s', async (_section, route, names) => {
    const [method, path] = fill(route).split(' ') as [string, string];
    const body = method === 'POST' && path === '/admin/groups' ? { name: `Made ${newId()}` } : undefined;
    const answer = await t.rest(method, path, { token: tenant.adminToken, body });
    expect([answer.status < 300, missingFrom(answer.body, names)]).toEqual([true, []]);
  });

  it.each(TOOLS)('%s: %s with %j gives %s', async (_section, name, args, names) => {
    const filled = JSON.parse(fill(JSON.stringify(args))) as object;
    const { body } = await send(group, legacy('tools/call', { name, arguments: filled }));
    expect([body.error, body.result?.['isError'] ?? false]).toEqual([undefined, false]);
    expect(missingFrom(body.result!['structuredContent'], names)).toEqual([]);
  });

  it('lists a tool once, under its own name', async () => {
    const { body } = await send(group, legacy('tools/list'));
    const names = body.result?.tools?.map(({ name }) => name);
    expect(names).toEqual(CUSTOMER_TOOLS.toSorted());
  });

  it.each(STEPS)('%s: the step %s is counted', async (_section, name) => {
    const { adminToken: token } = tenant;
    const { body } = await t.rest('GET', '/registration-automation/metrics', { token });
    expect(body.data['automation_steps']).toContainEqual(expect.objectContaining({ step: name }));
  });

  it.each(NOTICE)('%s: consultants are told the %s of a new customer', async (_section, name) => {
    const { email } = await t.newUser(tenant.tenantId, ['consultant']);
    const { access_token: token } = await t.signIn(email);
    const client = await LiveClient.follow(t.url, token);
    await announce(t, tenant.tenantId, await newCustomer(t, tenant.tenantId));
    const { payload } = await client.sees('new_customer');
    await client.close();
    expect(payload).toHaveProperty(name);
  });
});

/** Of names such as `data[].id page.limit`, those that lead nowhere; null is somewhere. */
function missingFrom(value: unknown, names: string): string[] {
  return names.split(' ').filter((name) => {
    let at = value;
    for (const part of name.replaceAll('[]', '.0').split('.')) {
      if (typeof at !== 'object' || at === null || !(part in at)) return true;
      at = (at as Record<string, unknown>)[part];
    }
    return false;
  });
}
