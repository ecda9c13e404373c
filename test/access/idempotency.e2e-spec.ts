import { randomUUID } from 'node:crypto';
import { v7 as newId } from 'uuid';
import { IdempotencyService } from '../../src/access/idempotency/idempotency.service.js';
import { createTestApp, type TestApp, type TestTenant } from '../support/test-app.js';

describe('Idempotency-Key', () => {
  let t: TestApp;
  let other: TestApp;
  let tenant: TestTenant;
  let token: string;
  beforeAll(async () => {
    t = await createTestApp();
    other = await createTestApp({ database: t.database });
    tenant = await t.newTenant();
    token = tenant.adminToken;
  });
  afterAll(async () => {
    await other.close();
    await t.close();
  });

  const bodyOf = (name: string) => ({
    email: `${name.toLowerCase().replaceAll(' ', '-')}@example.test`,
    display_name: name,
    roles: ['customer'],
  });
  const create = (name: string, key: string, app = t) =>
    app.rest('POST', '/admin/users', { token, body: bodyOf(name), headers: { 'idempotency-key': key } });
  const countOf = async (name: string) =>
    (await t.rest('GET', `/admin/users?q=${encodeURIComponent(name)}`, { token })).items.length;
  const forge = (key: string, columns: string, values: unknown[] = []) =>
    t.dataSource.query(`UPDATE idempotency_keys SET ${columns} WHERE key = $1`, [key, ...values]);

  it('a repeated request gets the first answer, on any replica, and it is kept sealed', async () => {
    const key = randomUUID();
    const first = await create('Repeated', key);
    expect([first.status, first.headers.get('idempotency-replayed')]).toEqual([201, null]);
    for (const app of [t, other]) {
      const again = await create('Repeated', `"${key}"`, app);
      expect([again.status, again.headers.get('idempotency-replayed')]).toEqual([201, 'true']);
      expect(again.body).toEqual(first.body);
      expect(again.headers.get('etag')).toBe(first.headers.get('etag'));
    }
    const [row] = await t.dataSource.query('SELECT answer FROM idempotency_keys WHERE key = $1', [key]);
    expect(row.answer.toString('latin1')).not.toContain('repeated@example.test');
  });

  it('of many at once on two replicas, one is carried out', async () => {
    const key = randomUUID();
    const asked = Array.from({ length: 12 }, (_, index) => create('At once', key, index % 2 ? t : other));
    const answers = await Promise.all(asked);
    expect(await countOf('At once')).toBe(1);
    for (const { status } of answers) expect([201, 409]).toContain(status);
    expect(
      answers.filter(({ status, headers }) => status === 201 && !headers.get('idempotency-replayed')),
    ).toHaveLength(1);
    expect((await create('At once', key)).status).toBe(201);
  });

  it('refuses another request with the same key, and keeps users and routes apart', async () => {
    const key = randomUUID();
    await create('Same key', key);
    const made = await t.rest('POST', '/admin/groups', { token, body: { name: 'Elsewhere' } });
    const reused = await create('Another body', key);
    expect([reused.status, reused.body.error.code]).toEqual([422, 'idempotency_key_reused']);
    const elsewhere = await t.rest('POST', `/admin/groups/${made.body.data.id}/tools`, {
      token,
      body: { tool_name: 'get_user_profile' },
      headers: { 'idempotency-key': key },
    });
    expect(elsewhere.status).toBe(201);
    const stranger = (await t.newTenant()).adminToken;
    const theirs = await t.rest('POST', '/admin/users', {
      token: stranger,
      body: bodyOf('Same key'),
      headers: { 'idempotency-key': key },
    });
    expect([theirs.status, theirs.headers.get('idempotency-replayed')]).toEqual([201, null]);
    expect((await create('Wrong key', 'with space')).status).toBe(400);
  });

  it('a request that failed frees its key', async () => {
    const key = randomUUID();
    expect((await create('', key)).status).toBe(400);
    await t.dataSource.query('ALTER TABLE admin_audit_logs RENAME TO gone');
    const failed = await create('Failed once', key);
    await t.dataSource.query('ALTER TABLE gone RENAME TO admin_audit_logs');
    expect(failed.status).toBe(500);
    expect((await create('Failed once', key)).status).toBe(201);
    expect(await countOf('Failed once')).toBe(1);
  });

  it('a request that died with its process does not block, and one that had committed is not made twice', async () => {
    const key = randomUUID();
    await create('Died', key);
    await forge(key, `state = 'running', status = NULL, answer = NULL, replica_id = $2`, [newId()]);
    // The address is taken because the first attempt did commit here; that it is tried at all is what counts.
    expect((await create('Died', key)).status).toBe(409);
    expect(await t.dataSource.query('SELECT FROM idempotency_keys WHERE key = $1', [key])).toEqual([]);
    const committed = randomUUID();
    await create('Committed', committed);
    await forge(committed, `state = 'committed', status = NULL, answer = NULL, replica_id = $2`, [newId()]);
    const answer = await create('Committed', committed);
    expect([answer.status, answer.body.message]).toEqual([409, expect.stringContaining('answer was lost')]);
  });

  it('a live process that works on it is waited for', async () => {
    const key = randomUUID();
    await create('Live', key);
    const [{ id: elsewhere }] = await t.dataSource.query(
      'SELECT id FROM replicas ORDER BY started_at DESC LIMIT 1',
    );
    await forge(key, `state = 'running', replica_id = $2`, [elsewhere]);
    const answer = await create('Live', key, t);
    expect([answer.status, answer.body.message]).toEqual([
      409,
      expect.stringContaining('still being worked on'),
    ]);
  });

  it('forgets after a day', async () => {
    const key = randomUUID();
    await create('Forgotten', key);
    await forge(key, `expires_at = now() - interval '1 second'`);
    expect((await create('Forgotten other', key)).status).toBe(201);
    await forge(key, `expires_at = now() - interval '1 second'`);
    await t.app.get(IdempotencyService, { strict: false }).deleteExpired();
    expect(await t.dataSource.query('SELECT FROM idempotency_keys WHERE key = $1', [key])).toEqual([]);
  });
});
