import { v7 as newId } from 'uuid';
import { AGENT_ENV, type MadeAgent, newAgent, newOrder } from './agents.js';
import { newGroup, type TestGroup } from './mcp.js';
import type { StandInApp, StandInDify } from './stand-in-dify.js';
import type { Answer, TestApp, TestTenant } from './test-app.js';
import { eventually } from './waiting.js';

export const WELCOME_TOOLS = ['get_user_profile', 'analyze_customer'];
/** Fast enough for tests, slow enough for a busy machine. */
export const AUTOMATION_ENV = {
  ...AGENT_ENV,
  AGENT_SOFT_BUDGET_MS: '1500',
  AGENT_HARD_BUDGET_MS: '3000',
  AGENT_BREAKER_FAILURES: '0',
  REGISTRATIONS_PER_HOUR: '100000',
};

export type RunRow = {
  readonly id: string;
  readonly user_id: string;
  readonly source: string;
  readonly state: string;
  readonly skip_reason: string | null;
  readonly skip_detail: string | null;
  readonly job_id: string;
  readonly conversation_id: string | null;
  readonly message_id: string | null;
  readonly welcomed_by: string | null;
  readonly agent_id: string | null;
  readonly agent_version_id: string | null;
  readonly fallback_reason: string | null;
  readonly error_kind: string | null;
  readonly error: string | null;
  readonly duration_ms: number | null;
};
export type MessageRow = {
  readonly id: string;
  readonly conversation_id: string;
  readonly sender_kind: string;
  readonly sender_id: string | null;
  readonly agent_version_id: string | null;
  readonly content: string;
};

let registered = 0;

/** What tests of the automation do with one tenant. */
export class AutomationWorld {
  constructor(
    private readonly t: TestApp,
    readonly tenant: TestTenant,
  ) {}

  /** A tenant that lets people register and greets them. */
  static async create(t: TestApp, { percentage = 100 } = {}): Promise<AutomationWorld> {
    const world = new AutomationWorld(t, await t.newTenant());
    await world.set('PUT', '/admin/features/registration_automation', { enabled: true, percentage });
    await t.dataSource.query(
      `INSERT INTO sign_in_settings (tenant_id, registration) VALUES ($1, 'open')
       ON CONFLICT (tenant_id) DO UPDATE SET registration = 'open'`,
      [world.tenant.tenantId],
    );
    return world;
  }

  /** With an agent that is asked for the welcome, and the group that it needs. */
  async withAgent(
    dify: StandInDify,
    settings: Partial<StandInApp> = {},
  ): Promise<{ app: StandInApp; agent: MadeAgent; group: TestGroup }> {
    const group = await newGroup(this.t, this.tenant, { tools: WELCOME_TOOLS });
    const app = dify.addApp(settings);
    const agent = await newAgent(this.t, this.tenant, dify, app);
    const ordered = await newOrder(this.t, this.tenant, 'welcome', [agent]);
    if (ordered.status !== 201) throw new Error(JSON.stringify(ordered.body));
    return { app, agent, group };
  }

  rest(method: string, path: string, body?: object, headers?: Record<string, string>): Promise<Answer> {
    return this.t.rest(method, path, { token: this.tenant.adminToken, body, headers });
  }

  /** @throws {Error} It was refused. */
  async set(method: string, path: string, body?: object): Promise<Answer> {
    const answer = await this.rest(method, path, body);
    if (answer.status >= 300) throw new Error(`${path}: ${JSON.stringify(answer.body)}`);
    return answer;
  }

  /** As a person does it. Gives the id of the user. */
  async register(on: { readonly url: string } = this.t, name = 'Emma'): Promise<string> {
    const response = await fetch(`${on.url}/api/v1/auth/register`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({
        tenant: this.tenant.tenantName,
        email: `emma-${(registered += 1)}-${this.tenant.tenantId}@example.test`,
        password: 'five green umbrellas',
        display_name: name,
      }),
    });
    const answer = (await response.json()) as Answer['body'];
    if (response.status !== 201) throw new Error(JSON.stringify(answer));
    return answer.data.id;
  }

  runsOf(userId: string): Promise<RunRow[]> {
    return this.t.dataSource.query('SELECT * FROM automation_runs WHERE user_id = $1 ORDER BY id', [userId]);
  }

  messagesOf(userId: string): Promise<MessageRow[]> {
    return this.t.dataSource.query('SELECT * FROM messages WHERE user_id = $1 ORDER BY id', [userId]);
  }

  /** Payloads of the live events that tell the customer alone of a message. */
  async toldOf(userId: string): Promise<object[]> {
    const rows = await this.t.dataSource.query<{ payload: object }[]>(
      `SELECT payload FROM live_events WHERE kind = 'new_message' AND user_ids = ARRAY[$1::uuid] ORDER BY id`,
      [userId],
    );
    return rows.map(({ payload }) => payload);
  }

  stepsOf(
    runId: string,
  ): Promise<{ name: string; state: string; attempts: number; result: object | null }[]> {
    return this.t.dataSource.query(
      'SELECT name, state, attempts, result FROM automation_steps WHERE run_id = $1 ORDER BY id',
      [runId],
    );
  }

  outcomesOf(runId: string): Promise<{ outcome: string }[]> {
    return this.t.dataSource.query('SELECT outcome FROM agent_calls WHERE run_id = $1 ORDER BY id', [runId]);
  }

  /** The user's latest run, once it is in one of these states. */
  async runIs(userId: string, ...states: string[]): Promise<RunRow> {
    await eventually(async () => {
      const run = (await this.runsOf(userId)).at(-1);
      return run !== undefined && states.includes(run.state);
    });
    return (await this.runsOf(userId)).at(-1)!;
  }

  /** The latest run, once it is over. */
  ended(userId: string): Promise<RunRow> {
    return this.runIs(userId, 'done', 'failed', 'skipped');
  }
}

/** Lets jobs that wait for their next attempt run now. */
export async function letTimePass(t: TestApp, jobId: string): Promise<void> {
  await t.dataSource.query(`UPDATE jobs SET run_at = now() WHERE id = $1 AND state = 'queued'`, [jobId]);
  await t.dataSource.query(`SELECT pg_notify('toolcrib_jobs', '')`);
}

/** Does what is done to a tenant once a day. */
export async function cleanUp(t: TestApp, tenantId: string): Promise<void> {
  const id = newId();
  await t.dataSource.query(
    `INSERT INTO jobs (id, tenant_id, kind, payload) VALUES ($1, $2, 'automation.cleanup', $3)`,
    [id, tenantId, { slot: new Date().toISOString() }],
  );
  await t.dataSource.query(`SELECT pg_notify('toolcrib_jobs', '')`);
  await eventually(async () => {
    const [{ state }] = await t.dataSource.query<[{ state: string }]>(
      'SELECT state FROM jobs WHERE id = $1',
      [id],
    );
    return state === 'done';
  });
}
