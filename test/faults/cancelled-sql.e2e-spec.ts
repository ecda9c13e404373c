import { Injectable } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { DataSource } from 'typeorm';
import { z } from 'zod';
import { McpTool } from '../../src/tools/mcp-tool.decorator.js';
import { legacy, newGroup, send, type TestGroup } from '../support/mcp.js';
import { createTestApp, type TestApp } from '../support/test-app.js';
import { eventually } from '../support/waiting.js';

const tool = { category: 'test', version: '1.0.0', input: z.object({}) };

/** Slow in the database, and heedless of their signal. */
@Injectable()
class SlowQueries {
  constructor(@InjectDataSource() private readonly dataSource: DataSource) {}

  @McpTool({ ...tool, name: 'one_query', description: 'One slow query.', timeoutSeconds: 1 })
  one() {
    return this.dataSource.query(`SELECT pg_sleep(600) /* one */`);
  }

  @McpTool({ ...tool, name: 'one_transaction', description: 'A slow transaction.', timeoutSeconds: 1 })
  transaction() {
    return this.dataSource.transaction(async (manager) => {
      await manager.query(`UPDATE tenants SET name = 'never' WHERE false`);
      await manager.query(`SELECT pg_sleep(600) /* transaction */`);
    });
  }

  @McpTool({ ...tool, name: 'many_queries', description: 'Query after query.', timeoutSeconds: 1 })
  async many() {
    for (let n = 0; n < 6000; n++) await this.dataSource.query(`SELECT pg_sleep(0.1) /* many */`);
  }

  @McpTool({ ...tool, name: 'held_query', description: 'A query that ends with its call.' })
  held() {
    return this.dataSource.query(`SELECT pg_sleep(600) /* held */`);
  }

  @McpTool({ ...tool, name: 'quick', description: 'A quick query.' })
  async quick() {
    const [row] = await this.dataSource.query<{ n: number }[]>(`SELECT 1 AS n`);
    return row;
  }
}

describe('a call that ends while its tool waits for the database', () => {
  let t: TestApp;
  let group: TestGroup;
  const tools = ['one_query', 'one_transaction', 'many_queries', 'held_query', 'quick'];

  beforeAll(async () => {
    t = await createTestApp({ tools: [SlowQueries], env: { DATABASE_POOL_MAX: '5' } });
    group = await newGroup(t, await t.newTenant(), { tools });
  });
  afterAll(() => t?.close());

  const call = (name: string) => send(group, legacy('tools/call', { name, arguments: {} }));
  const running = async () => {
    const [{ count }] = await t.dataSource.query<{ count: number }[]>(
      `SELECT count(*)::int AS count FROM pg_stat_activity
       WHERE datname = current_database() AND state <> 'idle' AND query LIKE 'SELECT pg_sleep(%'`,
    );
    return count;
  };
  const untilNoneRuns = () => eventually(async () => (await running()) === 0);

  it.each(['one_query', 'one_transaction', 'many_queries'])('ends the statements of %s', async (name) => {
    const { body } = await call(name);
    expect(body.result?.content?.[0]?.text).toContain('did not finish within 1 s');
    await untilNoneRuns();
  });

  it('ends them when the client hangs up', async () => {
    const gone = new AbortController();
    const { headers, body } = legacy('tools/call', { name: 'one_query', arguments: {} });
    const request = fetch(group.url, {
      method: 'POST',
      headers: { authorization: `Bearer ${group.key}`, 'content-type': 'application/json', ...headers },
      body: JSON.stringify(body),
      signal: gone.signal,
    });
    await eventually(async () => (await running()) > 0);
    gone.abort();
    await expect(request).rejects.toThrow();
    await untilNoneRuns();
  });

  it('never hits the work of another call: those that share the pool all succeed', async () => {
    const slow = Array.from({ length: 12 }, () => call('one_query'));
    const quick: Promise<unknown>[] = [];
    for (let n = 0; n < 200; n++) {
      quick.push(call('quick').then(({ body }) => body.result?.content?.[0]?.text));
      if (n % 20 === 19) await quick.at(-1);
    }
    await Promise.all(slow);
    expect(await Promise.all(quick)).toEqual(quick.map(() => '{"n":1}'));
    await untilNoneRuns();
  });

  it('keeps no connection from another tenant, however many calls wait for one', async () => {
    const other = await newGroup(t, await t.newTenant(), { tools });
    const gone = new AbortController();
    const { headers, body } = legacy('tools/call', { name: 'held_query', arguments: {} });
    let answered = 0;
    const slow = Array.from({ length: 60 }, () =>
      fetch(group.url, {
        method: 'POST',
        headers: { authorization: `Bearer ${group.key}`, 'content-type': 'application/json', ...headers },
        body: JSON.stringify(body),
        signal: gone.signal,
      }).finally(() => answered++),
    );
    try {
      await eventually(async () => (await running()) >= 4);
      for (let n = 0; n < 5; n++) {
        const answer = await send(other, legacy('tools/call', { name: 'quick', arguments: {} }));
        expect(answer.body.result?.content?.[0]?.text).toBe('{"n":1}');
      }
      expect([answered, await running()]).toEqual([0, 4]);
    } finally {
      gone.abort();
      await Promise.allSettled(slow);
    }
    await untilNoneRuns();
  });
});
