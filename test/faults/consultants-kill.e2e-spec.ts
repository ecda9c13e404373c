import { v7 as newId } from 'uuid';
import { announce, newCustomer } from '../support/customers.js';
import { LiveClient } from '../support/live.js';
import { type RunningServer, startServer } from '../support/server.js';
import { createTestApp, type TestApp, type TestTenant } from '../support/test-app.js';
import { pollUntil } from '../support/waiting.js';

const LEASE_MS = 3000;
const LEVELS = 3;
const CUSTOMERS = 6;

/** Built servers, as processes, on the database of an app that runs no jobs and from which we look on. */
describe('replicas that are killed', () => {
  let t: TestApp;
  let tenant: TestTenant;
  const servers: RunningServer[] = [];

  const start = async (): Promise<RunningServer> => {
    const server = await startServer({
      env: {
        DATABASE_URL: t.database.url,
        REPLICA_LEASE_MS: String(LEASE_MS),
        JOBS_LEASE_MS: '2000',
        DATABASE_POOL_MAX: '4',
        LOG_LEVEL: 'error',
      },
    });
    servers.push(server);
    return server;
  };
  const newConsultant = async () => {
    const user = await t.newUser(tenant.tenantId, ['consultant']);
    const { access_token: token } = await t.signIn(user.email);
    return { user, token };
  };
  const arrive = async () => {
    const customer = await newCustomer(t, tenant.tenantId);
    return announce(t, tenant.tenantId, customer);
  };
  const onlineNow = async (): Promise<unknown[]> => {
    const { items } = await t.rest('GET', '/admin/consultants', { token: tenant.adminToken });
    return items.filter((consultant) => consultant['online']).map((consultant) => consultant.id);
  };

  beforeAll(async () => {
    t = await createTestApp({ env: { JOBS_CONCURRENCY: '0', REPLICA_LEASE_MS: String(LEASE_MS) } });
  });

  beforeEach(async () => {
    tenant = await t.newTenant();
  });

  afterEach(async () => {
    await Promise.all(servers.splice(0).map((server) => server.kill9()));
  });

  afterAll(() => t?.close());

  it('lose no event: a client comes back to another one with its cursor, and who was online is known', async () => {
    const [first, second] = await Promise.all([start(), start()]);
    const consultant = await newConsultant();
    const client = await LiveClient.follow(first.url, consultant.token);
    const { claimId } = await arrive();
    const seen = await client.sees('new_customer');
    expect(seen.payload).toMatchObject({ claim_id: claimId });
    expect(await onlineNow()).toEqual([consultant.user.id]);
    await first.kill9();
    expect(await client.closed).toMatchObject({ code: 1006 });
    const missed = [await arrive(), await arrive()];
    const back = await LiveClient.follow(second.url, consultant.token, seen.cursor);
    await back.until(() => back.events.length >= 2, 'what was missed');
    expect(back.events.map(({ payload }) => payload['claim_id'])).toEqual(missed.map((one) => one.claimId));
    await back.close();
    // The row of the dead replica's connection is still there; it does not count once the lease is over.
    await pollUntil(onlineNow, (ids) => ids.length === 0);
  });

  it('escalate each level once, and the claim on the one that is left ends it', async () => {
    const settings = {
      levels: Array.from({ length: LEVELS }, () => ({ after_seconds: 1, roles: ['consultant'] })),
      alert_after_seconds: 1,
    };
    const set = await t.rest('PUT', '/admin/consultant-settings', {
      token: tenant.adminToken,
      body: settings,
    });
    expect(set.status).toBe(200);
    const consultant = await newConsultant();
    const running = [await start(), await start()];
    const claims = await Promise.all(Array.from({ length: CUSTOMERS }, () => arrive()));
    // Killed one after the other while levels come due; each has a successor.
    for (let deaths = 0; deaths < 2; deaths++) {
      await pollUntil(
        () => reached(t, tenant),
        (levels) => levels > deaths * CUSTOMERS + 2,
      );
      await running.shift()!.kill9();
      running.push(await start());
    }
    await pollUntil(
      () => reached(t, tenant),
      (levels) => levels === claims.length * (LEVELS + 1),
    );
    const told = await t.dataSource.query<{ key: string; count: number }[]>(
      `SELECT payload->>'claim_id' || ':' || (payload->>'level') AS key, count(*)::int AS count FROM live_events
       WHERE tenant_id = $1 AND kind = 'customer_escalated' GROUP BY 1`,
      [tenant.tenantId],
    );
    expect(told).toHaveLength(claims.length * LEVELS);
    expect(told.every(({ count }) => count === 1)).toBe(true);
    const [alerts] = await t.dataSource.query<[{ count: number }]>(
      `SELECT count(*)::int AS count FROM alerts WHERE tenant_id = $1 AND kind = 'customer_unclaimed'`,
      [tenant.tenantId],
    );
    expect(alerts.count).toBe(claims.length);
    const { claimId } = await arrive();
    const answer = await fetch(`${running[0].url}/api/v1/customer-claims/${claimId}/claim`, {
      method: 'POST',
      headers: { authorization: `Bearer ${consultant.token}`, 'idempotency-key': newId() },
    });
    expect(answer.status).toBe(200);
  });
});

/** Levels that were reached, of all customers together. */
async function reached(t: TestApp, { tenantId }: TestTenant): Promise<number> {
  const [{ levels }] = await t.dataSource.query<[{ levels: number }]>(
    'SELECT coalesce(sum(level), 0)::int AS levels FROM customer_claims WHERE tenant_id = $1',
    [tenantId],
  );
  return levels;
}
