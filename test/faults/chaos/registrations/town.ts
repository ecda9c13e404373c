import { setTimeout as delay } from 'node:timers/promises';
import { Client } from 'pg';
import { findFreePort, type RunningServer, startServer } from '../../../support/server.js';
import {
  type Scenario as DifyScenario,
  type StandInApp,
  StandInDify,
} from '../../../support/stand-in-dify.js';
import { startTcpProxy, type TcpProxy } from '../../../support/tcp-proxy.js';
import { createTestDatabase, type TestDatabase } from '../../../support/test-database.js';

const ADMIN = { email: 'admin@town.example', password: 'the-mayor-of-the-town-2026' };
const PASSWORD = 'seven-quiet-lanterns-41';
const TOOLS = ['get_user_profile', 'analyze_customer'];
const POLL_MS = 100;
/** What goes wrong in Dify, in turns. */
const FAULTS: readonly DifyScenario[] = [
  'internal_server_error',
  'too_many_requests',
  'dropped',
  'error_midway',
  'bad_gateway',
];

export type Replica = {
  readonly name: string;
  readonly network: TcpProxy;
  readonly server: () => RunningServer;
  start(): Promise<void>;
};

/** How a registration ended for whoever registered. */
export type Registration =
  | { readonly kind: 'accepted'; readonly userId: string }
  /** Said clearly, or the connection broke; the account may be there or not. */
  | { readonly kind: 'refused' | 'broken'; readonly said: string };

/** What became of everybody whose account is there. */
export type Outcome = {
  readonly accounts: number;
  readonly states: Readonly<Record<string, number>>;
  readonly welcomedBy: Readonly<Record<string, number>>;
  /** Users with another number of conversations, welcomes or claims than one. */
  readonly notOnce: readonly string[];
  readonly averageMs: number;
  readonly p95Ms: number;
};

/**
 * A tenant where people register: two replicas as processes, each with a line of its own to the database, and a Dify whose agent
 * calls our tools while it writes.
 */
export class Town {
  private constructor(
    private readonly database: TestDatabase,
    private readonly sql: Client,
    readonly dify: StandInDify,
    /** Between the replicas and Dify. */
    readonly difyLine: TcpProxy,
    readonly app: StandInApp,
    readonly replicas: readonly [Replica, Replica],
  ) {}

  static async build(): Promise<Town> {
    const database = await createTestDatabase();
    const sql = new Client({ connectionString: database.adminUrl });
    sql.on('error', () => undefined); // the test run ends its server
    await sql.connect();
    const dify = await StandInDify.start();
    const difyLine = await startTcpProxy(dify.url);
    const app = dify.addApp({ mode: 'agent-chat', form: [field('user_id', true), field('language', false)] });
    const first = await newReplica('first', database.url);
    const second = await newReplica('second', database.url);
    const town = new Town(database, sql, dify, difyLine, app, [first, second]);
    await town.setUp().catch(async (error: unknown) => {
      await town.close();
      throw error;
    });
    return town;
  }

  /** Every `oneIn`-th question to Dify fails, in one way or another. */
  breakDify(oneIn: number, questions: number): void {
    for (let n = 1; n <= questions; n++)
      this.app.next.push(n % oneIn === 0 ? FAULTS[(n / oneIn) % FAULTS.length] : 'ok');
  }

  /** As many people at once, at both replicas in turns. */
  async registerAtOnce(prefix: string, count: number): Promise<Registration[]> {
    return Promise.all(
      Array.from({ length: count }, (_, n) => this.register(this.replicas[n % 2], `${prefix}-${n}`)),
    );
  }

  async register(replica: Replica, name: string): Promise<Registration> {
    const body = { tenant: 'default', email: `${name}@town.example`, password: PASSWORD, display_name: name };
    try {
      const { status, text } = await post(`${replica.server().url}/api/v1/auth/register`, body);
      const answer = JSON.parse(text) as { data?: { id: string }; message: string };
      if (status === 201 && answer.data) return { kind: 'accepted', userId: answer.data.id };
      return { kind: 'refused', said: `${status} ${answer.message}` };
    } catch (error) {
      return { kind: 'broken', said: (error as Error).message };
    }
  }

  /** Until so many are greeted. */
  async greeted(prefix: string, count: number, limitMs: number): Promise<void> {
    await this.until(limitMs, async () => ((await this.outcome(prefix)).states['done'] ?? 0) >= count);
  }

  /** Until nothing is under way any more for anybody whose account is there. */
  async settled(prefix: string, limitMs: number): Promise<Outcome> {
    await this.until(limitMs, async () => {
      const { states } = await this.outcome(prefix);
      return !['none', 'queued', 'running'].some((state) => state in states);
    });
    return this.outcome(prefix);
  }

  async outcome(prefix: string): Promise<Outcome> {
    const { rows } = await this.sql.query<{
      email: string;
      state: string;
      by: string;
      ms: number | null;
      runs: number;
      conversations: number;
      welcomes: number;
      claims: number;
    }>(OUTCOME, [`${prefix}-%@town.example`]);
    const durations = rows.flatMap(({ ms }) => (ms === null ? [] : [ms])).toSorted((a, b) => a - b);
    return {
      accounts: rows.length,
      states: tally(rows.map(({ state }) => state)),
      welcomedBy: tally(rows.map(({ by }) => by)),
      notOnce: rows
        .filter((row) => [row.runs, row.conversations, row.welcomes, row.claims].some((n) => n !== 1))
        .map((row) => JSON.stringify(row)),
      averageMs: Math.round(durations.reduce((sum, ms) => sum + ms, 0) / Math.max(1, durations.length)),
      p95Ms: durations[Math.min(durations.length - 1, Math.floor(durations.length * 0.95))] ?? 0,
    };
  }

  async close(): Promise<void> {
    for (const { server, network } of this.replicas) {
      await server().kill9();
      await network.close();
    }
    await this.difyLine.close();
    await this.dify.stop();
    await this.sql.end();
    await this.database.drop();
  }

  private async until(limitMs: number, condition: () => Promise<boolean>): Promise<void> {
    const deadline = performance.now() + limitMs;
    while (!(await condition())) {
      if (performance.now() > deadline) throw new Error(`Not within ${limitMs} ms`);
      await delay(POLL_MS);
    }
  }

  /** As an administrator would, over REST: docs/automation.md. */
  private async setUp(): Promise<void> {
    const api = await signIn(this.replicas[0].server().url);
    await api('PUT', '/admin/sign-in-settings', { registration: 'open' });
    const group = await api('POST', '/admin/groups', { name: 'Welcome agent', server_code: 'welcome' });
    for (const tool of TOOLS) await api('POST', `/admin/groups/${group.id}/tools`, { tool_name: tool });
    this.app.mcp = {
      url: `${this.replicas[1].server().url}/mcp/welcome/mcp`,
      key: group['api_key'] as string,
    };
    const agent = await api('POST', '/admin/agents', {
      name: 'Welcome',
      base_url: this.difyLine.url,
      api_key: this.app.key,
      app_id: this.app.id,
    });
    await api('POST', '/admin/agent-orders', { purpose: 'welcome', agent_ids: [agent.id] });
    await api('PUT', '/admin/features/registration_automation', { enabled: true });
  }
}

/** How often each is there. */
export function tally(names: readonly string[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const name of names) counts[name] = (counts[name] ?? 0) + 1;
  return counts;
}

/** Everybody whose address begins so, with what was done for them. */
const OUTCOME = `
  SELECT u.email, coalesce(r.state, 'none') AS state, coalesce(r.welcomed_by, 'nobody') AS by, r.duration_ms AS ms,
    (SELECT count(*)::int FROM automation_runs o WHERE o.user_id = u.id) AS runs,
    (SELECT count(*)::int FROM conversations c WHERE c.user_id = u.id) AS conversations,
    (SELECT count(*)::int FROM messages m WHERE m.user_id = u.id) AS welcomes,
    (SELECT count(*)::int FROM customer_claims k WHERE k.user_id = u.id) AS claims
  FROM users u
  LEFT JOIN LATERAL (SELECT * FROM automation_runs r WHERE r.user_id = u.id ORDER BY r.id DESC LIMIT 1) r ON true
  WHERE u.email LIKE $1`;

async function newReplica(name: string, databaseUrl: string): Promise<Replica> {
  const network = await startTcpProxy(databaseUrl);
  const port = await findFreePort();
  const launch = () =>
    startServer({
      env: {
        DATABASE_URL: network.url,
        PORT: String(port),
        SAMPLE_DATA: 'false',
        ADMIN_EMAIL: ADMIN.email,
        ADMIN_PASSWORD: ADMIN.password,
        AGENT_PRIVATE_NETWORKS: 'true',
        AUTH_RATE_LIMIT: '100000',
        REGISTRATIONS_PER_HOUR: '100000',
        JOBS_LEASE_MS: '3000',
      },
    });
  let server = await launch();
  return {
    name,
    network,
    server: () => server,
    // Again, as an orchestrator would: on a busy machine the first try may not come up in time.
    start: async () => {
      server = await launch().catch(launch);
    },
  };
}

type Call = (
  method: 'POST' | 'PUT',
  path: string,
  body: object,
) => Promise<{ readonly id: string; readonly [name: string]: unknown }>;

async function signIn(url: string): Promise<Call> {
  const { text } = await post(`${url}/api/v1/auth/login`, ADMIN);
  const { data } = JSON.parse(text) as { data: { access_token: string } };
  return async (method, path, body) => {
    const headers = { authorization: `Bearer ${data.access_token}`, 'content-type': 'application/json' };
    const request: RequestInit = { method, headers, body: JSON.stringify(body) };
    const response = await fetch(`${url}/api/v1${path}`, request);
    const answer = (await response.json()) as { data: { id: string } };
    if (!response.ok) throw new Error(`${method} ${path}: ${JSON.stringify(answer)}`);
    return answer.data;
  };
}

async function post(url: string, body: object): Promise<{ status: number; text: string }> {
  const headers = { 'content-type': 'application/json' };
  const response = await fetch(url, { method: 'POST', headers, body: JSON.stringify(body) });
  return { status: response.status, text: await response.text() };
}

function field(variable: string, required: boolean) {
  return { 'text-input': { variable, label: variable, required, default: '', max_length: 48 } };
}
