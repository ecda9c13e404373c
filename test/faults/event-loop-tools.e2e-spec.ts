import { HEAVY_SCHEMAS, LoopTools } from '../fixtures/loop.tools.js';
import { newGroup, type TestGroup } from '../support/mcp.js';
import { type Case, type MeteredServer, startMeteredServer } from '../support/stall-meter.js';
import { openSse, openWebSocket, type StandingClient } from '../support/standing.js';
import { createTestApp, type TestApp, type TestTenant } from '../support/test-app.js';
import { eventually } from '../support/waiting.js';

/** What one request of anybody may hold the event loop for. */
const LIMIT_MS = 50;
const MIB = 1_048_576;

type Rule = { readonly detector: string; readonly pattern?: string };

const pattern = (text: string): Rule => ({ detector: 'pattern', pattern: text });
/** What makes most work of the texts that the tools return. */
const RULES: Readonly<Record<string, readonly Rule[]>> = {
  'no match of a long repetition': [pattern('[^b]{1,900}[q-r]')],
  'a match at each character': [pattern('[^q]')],
  'many states': [pattern('(?:[a-c0-9]?){300}[a-c0-9 ]{300}[xyz]')],
  'rules of all kinds': [
    ...['phone', 'id_card', 'bank_card', 'email', 'secret'].map((detector) => ({ detector })),
    ...Array.from({ length: 27 }, (_, n) => pattern(`[^b]{1,${900 + n}}[q-r]`)),
  ],
};

/** Promise of docs/security.md: what a tool's author, a group's administrator or an agent writes stops no replica. */
describe('the event loop while tools are called', () => {
  let t: TestApp;
  let metered: MeteredServer;
  let tenant: TestTenant;
  const groups = new Map<string, TestGroup>();

  beforeAll(async () => {
    t = await createTestApp({ tools: [LoopTools] });
    tenant = await t.newTenant();
    metered = await startMeteredServer({
      env: {
        DATABASE_URL: t.database.url,
        SAMPLE_DATA: 'false',
        REPLICA_LEASE_MS: '600000',
        LOG_LEVEL: 'fatal',
      },
      command: ['dist/bin/chaos-server.js'],
    });
    groups.set('', await groupWith({}));
    for (const [name, rules] of Object.entries(RULES))
      groups.set(name, await groupWith({ redaction: rules }));
  });
  afterAll(async () => {
    await metered.server.stop();
    await t.close();
  });

  async function groupWith(policy: object): Promise<TestGroup> {
    const tools = new LoopTools().definitions().map(({ name }) => name);
    const group = await newGroup(t, tenant, { tools: [...tools, 'read_result'] });
    const changed = await t.rest('PUT', `/admin/groups/${group.id}`, {
      token: tenant.adminToken,
      body: { policy },
    });
    expect(changed.status).toBe(200);
    return { ...group, url: `${metered.server.url}/mcp/${group.code}/mcp` };
  }

  const message = (name: string, args: string) =>
    `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"${name}","arguments":${args}}}`;
  const callOf = (group: TestGroup, name: string, args: string): Case['request'] => ({
    method: 'POST',
    path: `/mcp/${group.code}/mcp`,
    headers: {
      'content-type': 'application/json',
      accept: 'application/json',
      authorization: `Bearer ${group.key}`,
    },
    body: message(name, args),
  });
  const groupOf = (name: string) => groups.get(name)!;
  const many = (count: number, unit: (index: number) => string) =>
    Array.from({ length: count }, (_, index) => unit(index)).join(',');

  it('is free after 50 ms, however much a schema makes of the arguments', async () => {
    const most = t.config.env.TOOL_ARGUMENTS_MAX_VALUES - 10;
    const text = 'ab'.repeat(450_000);
    const values: [string, string][] = [
      ['texts', `[${many(most, () => '"choice 18999"')}]`],
      ['long texts', `[${many(400, () => `"${'ab'.repeat(1000)}"`)}]`],
      ['addresses', `[${many(250, (n) => `"http://${'a.'.repeat(1900)}${n}"`)}]`],
      ['objects', `[${many(most / 3, (n) => `{"n":${n},"m":${n}}`)}]`],
      ['objects with a last property', `[${many(most / 3, () => '{"p399":1,"p398":1}')}]`],
      ['one long text', `"${text}"`],
      ['names', `{${many(most, (n) => `"abcdefghijklmnopq${n}":1`)}}`],
      ['long names', `{${many(400, (n) => `"${'ab'.repeat(1000)}${n}":1`)}}`],
      ['objects in objects', `${'{"a":'.repeat(60)}{"b":1}${'}'.repeat(60)}`],
      ['lists in lists', `${'[1,'.repeat(30)}1${']'.repeat(30)}`],
    ];
    const cases = Object.keys(HEAVY_SCHEMAS).flatMap((tool) =>
      values.map(([what, value]) => ({
        name: `${tool} with ${what}`,
        request: callOf(groupOf(''), tool, `{"a":${value}}`),
      })),
    );
    expect(await metered.slowOf(cases, LIMIT_MS)).toEqual([]);
  }, 600_000);

  it('is free after 50 ms, however large a result is and whatever is looked for in it', async () => {
    const results: [string, number][] = [
      ['loop_rows', 8000], // a MiB
      ['loop_rows', 12_000], // almost as many values as there may be
      ['loop_promised', 8000],
      ['loop_promised', 12_000],
      ['loop_text', MIB - 100],
      ['loop_text', 4 * MIB - 100],
      ['loop_lists', 49_000],
      ['loop_lists', 200_000], // refused
      ['loop_json', 4 * MIB - 100],
    ];
    const searched = results.filter(([tool, count]) => tool !== 'loop_promised' && count !== 12_000);
    const cases = ['', ...Object.keys(RULES)].flatMap((rules) =>
      (rules === '' ? results : searched).map(([tool, count]) => ({
        name: `${tool} of ${count}, ${rules === '' ? 'no rules' : rules}`,
        request: callOf(groupOf(rules), tool, `{"count":${count}}`),
      })),
    );
    expect(await metered.slowOf(cases, LIMIT_MS)).toEqual([]);
  }, 600_000);

  it('is free after 50 ms, whatever comes over a connection that stands', async () => {
    const most = t.config.env.TOOL_ARGUMENTS_MAX_VALUES - 10;
    const { MCP_BODY_MAX_BYTES } = t.config.env;
    const whole = MCP_BODY_MAX_BYTES - 300;
    const texts: [string, string][] = [
      ['names', message('loop_unique', `{${many(most, (n) => `"a${n}":1`)}}`)],
      ['a list', message('loop_unique', `{"a":[${many(most, (n) => String(n))}]}`)],
      ['a batch', `[${many(50, () => message('loop_rows', '{"count":1}'))}]`],
      ['a large result', message('loop_rows', '{"count":8000}')],
      ['a long id', `{"jsonrpc":"2.0","id":"${'x'.repeat(whole)}","method":"ping"}`],
      ['a long method', `{"jsonrpc":"2.0","id":1,"method":"${'x'.repeat(whole)}"}`],
      ['nothing but lists', `[${'[],'.repeat(whole / 3)}[]]`],
      ['not JSON', '['.repeat(whole)],
    ];
    const slow: string[] = [];
    for (const [door, open] of [
      ['a WebSocket', openWebSocket],
      ['HTTP+SSE', openSse],
    ] as const) {
      const client = await open(groupOf(''));
      for (const [what, text] of texts) {
        const stall = await metered.stallOf(() => answered(client, text));
        if (process.env['STALL_TABLE']) process.stderr.write(`${stall.toFixed(0)} ms ${door}: ${what}\n`);
        if (stall > LIMIT_MS) slow.push(`${stall.toFixed(0)} ms ${door}: ${what}`);
      }
      client.close();
    }
    expect(slow).toEqual([]);
  }, 600_000);

  /** Sends one text and waits for what comes of it: messages, or an answer of the transport. */
  async function answered(client: StandingClient, text: string): Promise<void> {
    const before = client.texts.length;
    if ((await client.send(text)) !== undefined) return;
    await eventually(() => client.texts.length > before || client.isClosed());
  }
});
