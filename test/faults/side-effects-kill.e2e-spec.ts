import { randomUUID } from 'node:crypto';
import { Client } from 'pg';
import { legacy, modern, send, type TestGroup } from '../support/mcp.js';
import { type RunningServer, startServer } from '../support/server.js';
import { createTestDatabase, type TestDatabase } from '../support/test-database.js';
import { eventually } from '../support/waiting.js';

const META = 'io.toolcrib/idempotencyKey';

/** The built server dies between a tool's effect and its answer; its client comes back to another one with the same key. */
describe('kill -9 between effect and answer', () => {
  let database: TestDatabase;
  let survivor: RunningServer;
  let key = '';
  let userId = '';
  const connections: Client[] = [];

  const start = (port?: number) =>
    startServer({
      env: {
        DATABASE_URL: database.url,
        SAMPLE_DATA: 'true',
        REPLICA_LEASE_MS: '1500',
        ...(port !== undefined && { PORT: String(port) }),
      },
    });
  const groupAt = ({ url }: RunningServer): TestGroup => ({
    id: '',
    code: 'sample',
    key,
    url: `${url}/mcp/sample/mcp`,
  });
  const connect = async (): Promise<Client> => {
    const client = new Client({ connectionString: database.adminUrl });
    await client.connect();
    connections.push(client);
    return client;
  };
  const create = (server: RunningServer, title: string, idempotencyKey: string, era?: 'modern') => {
    const params = { name: 'create_task', arguments: { user_id: userId, title } };
    const meta = { [META]: idempotencyKey };
    const request = era
      ? modern('tools/call', params, meta)
      : legacy('tools/call', { ...params, _meta: meta });
    return send(groupAt(server), request);
  };

  beforeAll(async () => {
    database = await createTestDatabase();
    survivor = await start();
    key = /mcp_key_[A-Za-z0-9_-]+/.exec(survivor.stdout())?.[0] ?? '';
    const find = legacy('tools/call', {
      name: 'search_users',
      arguments: { query: 'a', role: 'customer', limit: 1 },
    });
    const { body } = await send(groupAt(survivor), find);
    const found = body.result?.structuredContent as { users: { user_id: string }[] } | undefined;
    userId = found?.users[0].user_id ?? '';
  });
  afterAll(async () => {
    await Promise.all(connections.map((client) => client.end()));
    await survivor?.stop();
    await database?.drop();
  });

  it('is told as ambiguous, and not repeated', async () => {
    const victim = await start();
    const [watch, holder] = [await connect(), await connect()];
    const title = `Killed ${randomUUID()}`;
    const tasks = async () =>
      Number((await watch.query('SELECT count(*) FROM tasks WHERE title = $1', [title])).rows[0].count);
    // The tool waits for this lock, and by then its claim is there; the end of the claim then waits for the other one.
    const blocker = await connect();
    await blocker.query('BEGIN; LOCK TABLE tasks IN EXCLUSIVE MODE');
    const lost = create(victim, title, 'k1').catch(() => undefined);
    await eventually(async () => (await watch.query('SELECT FROM tool_effects')).rows.length === 1);
    await holder.query('BEGIN');
    await holder.query('SELECT FROM tool_effects FOR UPDATE');
    await blocker.query('COMMIT');
    await eventually(async () => (await tasks()) === 1);
    const waiting = `SELECT pid FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query LIKE 'UPDATE tool_effects%'
      AND datname = current_database()`;
    await eventually(async () => (await watch.query(waiting)).rows.length === 1);
    await victim.kill9();
    expect(await lost).toBeUndefined();
    // Else its connection, which outlives it, would still store the outcome once the lock is gone.
    await watch.query(`SELECT pg_terminate_backend(pid) FROM (${waiting}) AS w`);
    await holder.query('ROLLBACK');
    const texts: string[] = [];
    await eventually(async () => {
      const { body } = await create(survivor, title, 'k1', 'modern');
      expect(body.result?.isError).toBe(true);
      texts.push(body.result?.content?.[0]?.text ?? '');
      return !texts.at(-1)?.includes('is still running');
    });
    expect(texts.at(-1)).toContain('how it ended is not known. It may have taken effect');
    expect(await tasks()).toBe(1);
    const kinds = await watch.query(
      `SELECT error_kind AS kind FROM mcp_call_logs WHERE tool_name = 'create_task' ORDER BY created_at DESC, id DESC`,
    );
    expect(kinds.rows[0]).toEqual({ kind: 'ambiguous' });
  });

  it('loses no outcome that was stored: it is given to whoever asks again', async () => {
    const victim = await start();
    const watch = await connect();
    const blocker = await connect();
    const title = `Stored ${randomUUID()}`;
    // The tool waits for the first lock; the record of its call, and so the answer, for the second.
    const log = await connect();
    await blocker.query('BEGIN; LOCK TABLE tasks IN EXCLUSIVE MODE');
    const lost = create(victim, title, 'k2').catch(() => undefined);
    await eventually(async () => (await watch.query('SELECT FROM tool_effects')).rows.length === 2);
    await log.query('BEGIN; LOCK TABLE mcp_call_logs IN EXCLUSIVE MODE');
    await blocker.query('COMMIT');
    await eventually(
      async () => (await watch.query(`SELECT FROM tool_effects WHERE state = 'done'`)).rows.length === 1,
    );
    await victim.kill9();
    expect(await lost).toBeUndefined();
    await log.query('ROLLBACK');
    const { body } = await create(survivor, title, 'k2');
    expect(body.result).toMatchObject({
      _meta: { 'io.toolcrib/replayed': true },
      structuredContent: { title },
    });
    const { rows } = await watch.query('SELECT FROM tasks WHERE title = $1', [title]);
    expect(rows).toHaveLength(1);
  });
});
