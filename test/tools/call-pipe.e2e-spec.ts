import { Cancellation } from '../../src/platform/ending.js';
import { bind } from '../../src/groups/catalog.js';
import { GroupTool } from '../../src/groups/group-tools/group-tool.entity.js';
import { DayQuotas } from '../../src/tools/limits/day-quotas.js';
import { CircuitCleanup } from '../../src/tools/breakers/circuit-cleanup.js';
import type { JobContext } from '../../src/jobs/job-context.js';
import { newId } from '../../src/platform/new-id.js';
import { inTenant } from '../../src/platform/request-scope.js';
import { ToolExecutor } from '../../src/tools/pipe/tool-executor.js';
import { ToolRegistry } from '../../src/tools/tool-registry.js';
import { foreignSources, gates, KINDS, runs } from '../fixtures/foreign.tools.js';
import { legacy, type McpAnswer, newGroup, send, type TestGroup } from '../support/mcp.js';
import { createTestApp, type TestApp, type TestTenant } from '../support/test-app.js';
import { eventually } from '../support/waiting.js';

const TOOLS = ['echo', 'broken', 'hang', 'gate', 'liar', 'huge', 'flaky', 'moody', 'vast', 'late', 'effect'];

describe('the pipe to a tool', () => {
  let t: TestApp;
  let other: TestApp;
  let tenant: TestTenant;

  beforeAll(async () => {
    t = await createTestApp({ tools: foreignSources, env: { TOOL_ARGUMENTS_MAX_BYTES: '2000' } });
    other = await createTestApp({ tools: foreignSources, database: t.database });
    tenant = await t.newTenant();
  });
  afterAll(async () => {
    await other?.close();
    await t?.close();
  });
  beforeEach(() => runs.clear());

  const token = () => tenant.adminToken;
  const newGroupOf = (kind: string) => newGroup(t, tenant, { tools: TOOLS.map((tool) => `${kind}_${tool}`) });
  const call = (group: TestGroup, name: string, args: object = {}) =>
    send(group, legacy('tools/call', { name, arguments: args }));
  const toolId = async (group: TestGroup, name: string): Promise<string> => {
    const { items } = await t.rest('GET', `/admin/tools?group_id=${group.id}&limit=100`, { token: token() });
    return (items as unknown as { id: string; tool_name: string }[]).find(
      ({ tool_name }) => tool_name === name,
    )!.id;
  };
  const setTool = async (group: TestGroup, name: string, body: object) => {
    const path = `/admin/tools/${await toolId(group, name)}`;
    expect((await t.rest('PUT', path, { token: token(), body })).status).toBe(200);
  };
  const setGroup = async (group: TestGroup, body: object) => {
    expect((await t.rest('PUT', `/admin/groups/${group.id}`, { token: token(), body })).status).toBe(200);
  };
  const textOf = ({ body }: McpAnswer) => body.error?.message ?? body.result?.content?.[0]?.text ?? '';
  const kindsOnRecord = async (group: TestGroup) => {
    const rows = await t.dataSource.query<{ error_kind: string | null }[]>(
      'SELECT error_kind FROM mcp_call_logs WHERE group_id = $1 ORDER BY created_at, id',
      [group.id],
    );
    return rows.map(({ error_kind }) => error_kind);
  };

  it('is walked below with every kind of source that is registered', () => {
    const registered = new Set(
      t.app
        .get(ToolRegistry)
        .definitions()
        .map(({ source }) => source),
    );
    expect([...registered].toSorted()).toEqual([...KINDS].toSorted());
  });

  describe.each(KINDS)('to a tool of kind %s', (kind) => {
    const name = (what: string) => `${kind}_${what}`;
    let group: TestGroup;
    beforeEach(async () => {
      group = await newGroupOf(kind);
    });

    /** What keeps a call from its tool, or turns its outcome into a failure: each in the same words for each source. */
    const REFUSALS: readonly (readonly [
      what: string,
      errorKind: string,
      said: string,
      didRun: boolean,
      attempt: () => Promise<McpAnswer>,
    ])[] = [
      ['a tool the group does not have', 'refused', 'No tool', false, () => call(group, name('none'))],
      [
        'a tool that is disabled',
        'refused',
        'No tool',
        false,
        async () => {
          await setTool(group, name('echo'), { enabled: false });
          return call(group, name('echo'));
        },
      ],
      [
        'arguments that do not fit',
        'invalid_arguments',
        `'n' must be integer, not "five"`,
        false,
        () => call(group, name('echo'), { n: 'five' }),
      ],
      [
        'arguments that are too large',
        'invalid_arguments',
        'larger than 2000 bytes',
        false,
        () => call(group, name('echo'), { extra: 'x'.repeat(2001) }),
      ],
      [
        'a call too many in a second',
        'rate_limited',
        'this tool may make 1 a second',
        true,
        async () => {
          await setTool(group, name('echo'), { policy: { limits: { per_second: 1 } } });
          await call(group, name('echo'));
          return call(group, name('echo'));
        },
      ],
      [
        'a call too many in a day',
        'rate_limited',
        'this tool group may make 1 a day',
        true,
        async () => {
          await setGroup(group, { policy: { limits: { per_day: 1 } } });
          await call(group, name('echo'));
          return call(group, name('echo'));
        },
      ],
      [
        'a call too many at the same time',
        'busy',
        'as many as are allowed at the same time',
        true,
        async () => {
          await setGroup(group, { policy: { limits: { concurrency: 1 } } });
          const first = call(group, name('gate'));
          await eventually(() => gates.has(name('gate')));
          const second = await call(group, name('echo'));
          gates.get(name('gate'))?.();
          gates.delete(name('gate'));
          expect(textOf(await first)).toBe('open');
          return second;
        },
      ],
      [
        'a tool that failed too often',
        'circuit_open',
        'failed too often of late',
        true,
        async () => {
          await setTool(group, name('broken'), { policy: { breaker: { failures: 2, reset_seconds: 60 } } });
          await call(group, name('broken'));
          await call(group, name('broken'));
          return call(group, name('broken'));
        },
      ],
      [
        'a tool that is too slow',
        'timeout',
        'did not finish within 1 s',
        true,
        () => call(group, name('hang')),
      ],
      ['a tool with a bug', 'internal', 'failed inside', true, () => call(group, name('broken'))],
      [
        'a tool that cannot work now',
        'unavailable',
        'The other side is away',
        true,
        () => call(group, name('effect')),
      ],
      [
        'a result that is not what was promised',
        'result_invalid',
        'a result it should not return',
        true,
        () => call(group, name('liar')),
      ],
      [
        'a result that is too large and cannot be cut',
        'result_invalid',
        'bytes',
        true,
        () => call(group, name('huge')),
      ],
    ];

    it.each(REFUSALS)('says no to %s', async (_what, errorKind, said, didRun, attempt) => {
      const answer = await attempt();
      expect(textOf(answer)).toContain(said);
      if (errorKind !== 'refused') expect(answer.body.result).toMatchObject({ isError: true });
      expect((await kindsOnRecord(group)).at(-1)).toBe(errorKind);
      expect([...runs.values()].some((count) => count > 0)).toBe(didRun);
    });

    it('lets a good call pass', async () => {
      expect((await call(group, name('echo'), { n: 7 })).body.result?.structuredContent).toEqual({ n: 7 });
      expect(await kindsOnRecord(group)).toEqual([null]);
    });

    it('tries a tool that may be run twice again, and no other', async () => {
      await setTool(group, name('flaky'), { policy: { retries: 2 } });
      await setTool(group, name('effect'), { policy: { retries: 2 } });
      expect(textOf(await call(group, name('flaky')))).toBe('third time lucky');
      expect(textOf(await call(group, name('effect')))).toBe('The other side is away');
      expect(runs.get(name('flaky'))).toBe(3);
      expect(runs.get(name('effect'))).toBe(1);
    });
  });

  it('serves others while a vast result is searched for what its agent must not see', async () => {
    const group = await newGroupOf('native');
    await setGroup(group, { policy: { redaction: [{ detector: 'phone' }, { detector: 'secret' }] } });
    const answered: string[] = [];
    let neighbour = Promise.resolve();
    gates.set('native_vast', () => {
      neighbour = (async () => {
        for (let n = 0; n < 3; n++) await call(group, 'native_echo');
        answered.push('neighbour');
      })();
    });
    const vast = await call(group, 'native_vast');
    answered.push('vast');
    await neighbour;
    gates.delete('native_vast');
    expect(textOf(vast)).toMatch(/^\[{"tel":"\[redacted:phone\]"/);
    expect(answered).toEqual(['neighbour', 'vast']);
  });

  it('tells nobody what a tool still does once its call is answered', async () => {
    const group = await newGroupOf('native');
    const id = await toolId(group, 'native_late');
    const definition = t.app.get(ToolRegistry).find('native_late')!;
    const row = await t.dataSource.getRepository(GroupTool).findOneByOrFail({ id });
    const told: string[] = [];
    const outcome = await t.app.get(ToolExecutor).execute({
      caller: tenant.caller,
      tenantId: tenant.tenantId,
      groupId: group.id,
      policy: {},
      toolName: 'native_late',
      tool: bind(row, definition, t.config.env),
      scope: 'tenant',
      hasTool: () => false,
      args: {},
      ending: new Cancellation(),
      appId: null,
      era: 'test',
      transport: 'rest',
      progress: (_done, _total, message) => void told.push(`progress ${message}`),
      log: (level, message) => void told.push(`${level} ${message}`),
    });
    gates.get('native_late')?.();
    gates.delete('native_late');
    expect(outcome).toMatchObject({ kind: 'result', errorKind: null });
    expect(told).toEqual(['progress begun', 'info begun']);
  });

  it('hides in the name of no tool what the log must not have', async () => {
    const group = await newGroupOf('native');
    await setGroup(group, { policy: { redaction: [{ detector: 'phone' }] } });
    await call(group, '13812345678');
    const rows = await t.dataSource.query('SELECT tool_name FROM mcp_call_logs WHERE group_id = $1', [
      group.id,
    ]);
    expect(rows).toEqual([{ tool_name: '[redacted:phone]' }]);
  });

  describe('limits', () => {
    it('says when to try again, and lets the call pass then', async () => {
      const group = await newGroupOf('native');
      await setGroup(group, { policy: { limits: { per_second: 2 } } });
      const answers = await Promise.all([1, 2, 3].map((n) => call(group, 'native_echo', { n })));
      const late = answers.filter(({ body }) => body.result?.isError);
      expect(late).toHaveLength(1);
      expect(late[0].body.result?._meta).toEqual({ 'io.toolcrib/retryAfterSeconds': 1 });
      await eventually(async () => !(await call(group, 'native_echo')).body.result?.isError);
    });

    it('are exact within a replica', async () => {
      const group = await newGroupOf('native');
      await setGroup(group, { policy: { limits: { per_minute: 25 } } });
      const answers = await Promise.all(Array.from({ length: 60 }, () => call(group, 'native_echo')));
      expect(answers.filter(({ body }) => !body.result?.isError)).toHaveLength(25);
    });

    it('of a key count for that key only', async () => {
      const group = await newGroupOf('native');
      const body = { name: 'second', limits: { per_minute: 1 } };
      const made = await t.rest('POST', `/admin/groups/${group.id}/keys`, { token: token(), body });
      const second = { ...group, key: made.body.data.api_key };
      expect((await call(second, 'native_echo')).body.result?.isError).toBeUndefined();
      expect(textOf(await call(second, 'native_echo'))).toContain('this key may make 1 a minute');
      expect((await call(group, 'native_echo')).body.result?.isError).toBeUndefined();
    });

    it('of users count for each of them', async () => {
      const group = await newGroupOf('native');
      await setGroup(group, { allowed_roles: ['admin'], policy: { user_limits: { per_minute: 1 } } });
      for (const person of [
        await t.newUser(tenant.tenantId, ['admin']),
        await t.newUser(tenant.tenantId, ['admin']),
      ]) {
        const { access_token: key } = await t.signIn(person.email);
        const own = { ...group, key };
        expect((await call(own, 'native_echo')).body.result?.isError).toBeUndefined();
        expect(textOf(await call(own, 'native_echo'))).toContain('you may make 1 a minute');
      }
      expect((await call(group, 'native_echo')).body.result?.isError).toBeUndefined();
      expect((await call(group, 'native_echo')).body.result?.isError).toBeUndefined();
    });

    it('of a day are shared by the replicas, to the last call', async () => {
      const group = await newGroupOf('native');
      await setGroup(group, { policy: { limits: { per_day: 37 } } });
      const elsewhere = { ...group, url: group.url.replace(t.url, other.url) };
      const answers = await Promise.all(
        Array.from({ length: 60 }, (_, n) => call(n % 2 ? group : elsewhere, 'native_echo')),
      );
      expect(answers.filter(({ body }) => !body.result?.isError)).toHaveLength(37);
      expect(textOf(await call(group, 'native_echo'))).toContain('37 a day');
    });

    it('let calls wait for a place, in order, for as long as they say', async () => {
      const group = await newGroupOf('native');
      await setGroup(group, { policy: { limits: { concurrency: 1, queue: 1, queue_timeout_ms: 60_000 } } });
      const first = call(group, 'native_gate');
      await eventually(() => gates.has('native_gate'));
      const second = call(group, 'native_echo', { n: 2 });
      await eventually(async () => textOf(await call(group, 'native_echo')).startsWith('Busy'));
      gates.get('native_gate')?.();
      gates.delete('native_gate');
      await first;
      expect((await second).body.result?.structuredContent).toEqual({ n: 2 });
    });

    it('that cannot be asked for refuse the call, on record', async () => {
      const group = await newGroupOf('native');
      await setTool(group, 'native_echo', { policy: { limits: { per_day: 5 } } });
      await t.dataSource.query('ALTER TABLE call_quota_uses RENAME TO away');
      const refused = await call(group, 'native_echo');
      await t.dataSource.query('ALTER TABLE away RENAME TO call_quota_uses');
      expect(textOf(refused)).toContain('daily quota could not be asked for, so the call was not run');
      expect(await kindsOnRecord(group)).toEqual(['unavailable']);
      expect(runs.get('native_echo')).toBeUndefined();
    });

    it('of a client that hangs up while it waits for a place cost nothing, and are on record as cancelled', async () => {
      const group = await newGroupOf('native');
      const limits = { concurrency: 1, queue: 1, queue_timeout_ms: 60_000, per_day: 2 };
      await setGroup(group, { policy: { limits } });
      const first = call(group, 'native_gate');
      await eventually(() => gates.has('native_gate'));
      const hangUp = new AbortController();
      const request = legacy('tools/call', { name: 'native_echo', arguments: {} });
      const left = send(group, { ...request, signal: hangUp.signal }).catch(() => undefined);
      await eventually(async () => textOf(await call(group, 'native_echo')).startsWith('Busy'));
      hangUp.abort();
      await left;
      await eventually(async () => (await kindsOnRecord(group)).includes('cancelled'));
      gates.get('native_gate')?.();
      gates.delete('native_gate');
      await first;
      expect((await call(group, 'native_echo')).body.result?.isError).toBeUndefined();
      expect(textOf(await call(group, 'native_echo'))).toContain('2 a day');
    });

    it('of a day that a replica gives back when it stops are for the others', async () => {
      const group = await newGroupOf('native');
      await setGroup(group, { policy: { limits: { per_day: 2000 } } }); // reserved by twos
      await call({ ...group, url: group.url.replace(t.url, other.url) }, 'native_echo');
      const used = 'UPDATE call_quota_uses SET used = 2000 WHERE scope = $1';
      await t.dataSource.query(used, [`group:${group.id}`]);
      expect(textOf(await call(group, 'native_echo'))).toContain('2000 a day');
      await other.app.get(DayQuotas).onApplicationShutdown();
      await eventually(async () => (await call(group, 'native_echo')).body.result?.isError === undefined);
      expect(textOf(await call(group, 'native_echo'))).toContain('2000 a day');
    });

    it('that are changed count at once', async () => {
      const group = await newGroupOf('native');
      await setGroup(group, { policy: { limits: { per_minute: 1 } } });
      await call(group, 'native_echo');
      expect(textOf(await call(group, 'native_echo'))).toContain('1 a minute');
      await setGroup(group, { policy: {} });
      expect((await call(group, 'native_echo')).body.result?.isError).toBeUndefined();
    });

    it.each([
      [{ limits: { per_second: 0 } }, 'limits.per_second'],
      [{ limits: { per_secnd: 1 } }, 'per_secnd'],
      [{ limits: { concurrency: 1.5 } }, 'limits.concurrency'],
      [{ other: 1 }, 'other'],
      [[], 'policy'],
      [null, 'policy'],
    ])('that make no sense are refused: %j', async (policy, said) => {
      const group = await newGroupOf('native');
      const answer = await t.rest('PUT', `/admin/groups/${group.id}`, { token: token(), body: { policy } });
      expect(answer.status).toBe(400);
      expect(JSON.stringify(answer.body)).toContain(said);
    });
  });

  describe('circuits', () => {
    const breaker = { failures: 2, reset_seconds: 60 };
    const listed = async (group: TestGroup) => {
      const { items } = await t.rest('GET', '/admin/circuits?limit=100', { token: token() });
      return (items as unknown as { group_id: string; tool_name: string; replicas: object[] }[]).filter(
        ({ group_id }) => group_id === group.id,
      );
    };

    it('are shown while open, and closed for the next call by whoever may', async () => {
      const group = await newGroupOf('native');
      await setTool(group, 'native_broken', { policy: { breaker } });
      await call(group, 'native_broken');
      await call(group, 'native_broken');
      expect(textOf(await call(group, 'native_broken'))).toContain('try again in 60 s');
      await eventually(async () => (await listed(group)).length === 1);
      expect(await listed(group)).toMatchObject([
        { tool_name: 'native_broken', replicas: [{ state: 'open', error_kind: 'internal' }] },
      ]);
      const path = `/admin/tools/${await toolId(group, 'native_broken')}/circuit/reset`;
      const reset = await t.rest('POST', path, { token: token() });
      expect(reset.body).toMatchObject({ success: true, effective_immediately: true });
      expect(await listed(group)).toEqual([]);
      expect(textOf(await call(group, 'native_broken'))).toContain('failed inside');
    });

    it('try one call after their time, and close when it succeeds', async () => {
      const group = await newGroupOf('native');
      await setTool(group, 'native_flaky', { policy: { breaker: { failures: 2, reset_seconds: 1 } } });
      await call(group, 'native_flaky');
      await call(group, 'native_flaky');
      expect(textOf(await call(group, 'native_flaky'))).toContain('failed too often');
      expect(runs.get('native_flaky')).toBe(2);
      await eventually(async () => textOf(await call(group, 'native_flaky')) === 'third time lucky');
      await eventually(async () => (await listed(group)).length === 0);
    });

    it('alert administrators when they open and no more until they close, which ends the alert', async () => {
      const group = await newGroupOf('native');
      await setTool(group, 'native_moody', { policy: { breaker: { failures: 2, reset_seconds: 1 } } });
      const id = await toolId(group, 'native_moody');
      const alerts = async () => {
        const { items } = await t.rest('GET', '/admin/alerts?kind=circuit_open&limit=200', {
          token: token(),
        });
        const rows = items as unknown as (Record<string, unknown> & { target: { id: string } })[];
        return rows.filter(({ target }) => target.id === id);
      };
      const moody = (mood: string) => call(group, 'native_moody', { mood });
      await moody('bad');
      await moody('bad');
      await eventually(async () => (await alerts()).length === 1);
      const [alert] = await alerts();
      expect(alert).toMatchObject({
        title: 'native_moody failed too often and is not called at the moment',
        target: { kind: 'tool', id },
        uses: 1,
        acknowledged_at: null,
      });
      expect(alert['detail']).toMatch(
        /^2 failures in a row .* of kind internal at 20.* on replica .*Every 1 s/,
      );
      expect(alert['detail']).toContain(`POST /api/v1/admin/tools/${id}/circuit/reset`);
      const told = await t.dataSource.query<object[]>('SELECT 1 FROM notices WHERE variables::text LIKE $1', [
        `%${id}%`,
      ]);
      expect(told).toHaveLength(1);

      await eventually(async () => textOf(await moody('bad')).includes('failed inside')); // one tried, in vain
      await eventually(async () => textOf(await moody('well')) === 'well');
      await eventually(async () => (await alerts())[0]['acknowledged_at'] !== null);
      expect((await alerts()).map(({ uses, detail }) => [uses, detail])).toEqual([
        [1, expect.stringMatching(/Over since 20\d\d-.*Z\.$/)],
      ]);

      await moody('bad');
      await moody('bad');
      await eventually(async () => (await alerts())[0]['acknowledged_at'] === null);
      const again = await alerts();
      expect(again[0]['detail']).not.toContain('Over since');
      const uses = again.reduce((sum, row) => sum + Number(row['uses']), 0); // two rows when the hour turns
      expect(uses).toBe(2);
    });

    it('end their alert when the replica that had them open is dead, and not before', async () => {
      const group = await newGroupOf('native');
      await setTool(group, 'native_moody', { policy: { breaker: { failures: 1, reset_seconds: 3600 } } });
      const id = await toolId(group, 'native_moody');
      const open = async () => {
        const sql = 'SELECT 1 FROM alerts WHERE target_id = $1 AND acknowledged_at IS NULL';
        return (await t.dataSource.query<object[]>(sql, [id])).length;
      };
      const cleanUp = () =>
        inTenant(tenant.tenantId, () => {
          const context = { tenantId: tenant.tenantId } as JobContext;
          return t.app
            .get(CircuitCleanup, { strict: false })
            .run({ slot: new Date().toISOString() }, context);
        });
      await call(group, 'native_moody', { mood: 'bad' });
      await eventually(async () => (await open()) === 1);
      await cleanUp();
      expect(await open()).toBe(1);
      await t.dataSource.query('UPDATE circuit_states SET replica_id = $2 WHERE tool_id = $1', [id, newId()]);
      await cleanUp();
      expect(await open()).toBe(0);
    });

    it('let one call try, keep none waiting for it, and learn nothing from one whose client hangs up', async () => {
      const group = await newGroupOf('native');
      await setTool(group, 'native_moody', { policy: { breaker: { failures: 2, reset_seconds: 1 } } });
      const moody = (mood: string, signal?: AbortSignal) =>
        send(group, {
          ...legacy('tools/call', { name: 'native_moody', arguments: { mood } }),
          ...(signal && { signal }),
        });
      await moody('bad');
      await moody('bad');
      /** A call that waits in the tool; null while the circuit is open. */
      const newTrial = async (signal?: AbortSignal) => {
        gates.clear();
        const trial = { ended: false, answer: moody('wait', signal).catch(() => undefined) };
        void trial.answer.then(() => (trial.ended = true));
        await eventually(() => trial.ended || gates.has('native_moody'));
        return trial.ended ? null : trial;
      };
      const hangUp = new AbortController();
      await eventually(async () => (await newTrial(hangUp.signal)) !== null);
      expect(textOf(await moody('well'))).toContain('failed too often');
      hangUp.abort();
      await eventually(async () => (await kindsOnRecord(group)).includes('cancelled'));
      const second = await newTrial();
      expect(textOf(await moody('well'))).toContain('failed too often');
      gates.get('native_moody')?.();
      expect((await second?.answer)?.body.result?.content?.[0]?.text).toBe('well');
      expect(textOf(await moody('well'))).toBe('well');
    });

    it('stay closed when a tool rightly says no', async () => {
      const group = await newGroupOf('native');
      await setTool(group, 'native_echo', { policy: { breaker: { failures: 1, reset_seconds: 60 } } });
      await call(group, 'native_echo', { n: 'wrong' });
      expect((await call(group, 'native_echo')).body.result?.isError).toBeUndefined();
    });

    it('never open when told so', async () => {
      const group = await newGroupOf('native');
      await setTool(group, 'native_broken', { policy: { breaker: { failures: 0 } } });
      for (let n = 0; n < 12; n++)
        expect(textOf(await call(group, 'native_broken'))).toContain('failed inside');
    });

    it("of another tenant's tool cannot be closed or seen", async () => {
      const group = await newGroupOf('native');
      await setTool(group, 'native_broken', { policy: { breaker } });
      await call(group, 'native_broken');
      await call(group, 'native_broken');
      await eventually(async () => (await listed(group)).length === 1);
      const stranger = await t.newTenant();
      const path = `/admin/tools/${await toolId(group, 'native_broken')}/circuit/reset`;
      expect((await t.rest('POST', path, { token: stranger.adminToken })).status).toBe(404);
      expect((await t.rest('GET', '/admin/circuits', { token: stranger.adminToken })).items).toEqual([]);
    });
  });
});
