import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import { ResultStore } from '../../src/tools/long-results/result-store.js';
import { endless, longText, ResultTools } from '../fixtures/result.tools.js';
import { legacy, type McpResult, modern, newGroup, send, type TestGroup } from '../support/mcp.js';
import { createTestApp, type TestApp, type TestTenant } from '../support/test-app.js';

const TOOLS = [
  'long_text',
  'long_data',
  'promised_data',
  'promised_email',
  'long_picture',
  'endless',
  'odd_block',
  'repeat',
  'refuse',
];
const LIMIT = 2048;

describe('results', () => {
  let t: TestApp;
  let other: TestApp;
  let tenant: TestTenant;
  beforeAll(async () => {
    const env = { TOOL_RESULT_KEEP_MAX_BYTES: '400000', TOOL_RESULT_KEEP_TENANT_BYTES: '1000000' };
    t = await createTestApp({ tools: [ResultTools], env });
    other = await createTestApp({ tools: [ResultTools], env, database: t.database });
    tenant = await t.newTenant();
  });
  afterAll(async () => {
    await other.close();
    await t.close();
  });

  const groupWith = async (policy: object, tools: readonly string[] = [...TOOLS, 'read_result']) => {
    const group = await newGroup(t, tenant, { tools });
    const token = tenant.adminToken;
    const changed = await t.rest('PUT', `/admin/groups/${group.id}`, { token, body: { policy } });
    expect(changed.status).toBe(200);
    return group;
  };
  const call = async (group: TestGroup, name: string, args: object): Promise<McpResult> => {
    const request = legacy('tools/call', { name, arguments: args });
    const answers = [
      await send(group, request),
      await send(group, modern('tools/call', { name, arguments: args })),
    ];
    const [old, present] = answers.map(({ body }) => body.result);
    if (!old || !present) throw new Error(JSON.stringify(answers));
    expect(present.isError).toBe(old.isError);
    return old;
  };
  const texts = ({ content = [] }: McpResult) => content.map(({ text }) => text ?? '');
  const truncation = (result: McpResult) =>
    (result._meta as Record<string, { shownBytes: number; totalBytes: number; handle?: string }>)?.[
      'io.toolcrib/truncated'
    ];
  const lastRecord = async (group: TestGroup) => {
    const [row] = await t.dataSource.query(
      'SELECT * FROM mcp_call_logs WHERE group_id = $1 ORDER BY created_at DESC, id DESC LIMIT 1',
      [group.id],
    );
    return row as Record<string, unknown>;
  };
  const on = (app: TestApp, group: TestGroup): TestGroup => ({
    ...group,
    url: `${app.url}/mcp/${group.code}/mcp`,
  });

  describe('of a group without structured content', () => {
    it('are text only, over both lanes, and promise nothing else', async () => {
      const group = await groupWith({ structured_content: false });
      const plain = await groupWith({});
      for (const [name, args] of [
        ['promised_data', { characters: 10 }],
        ['repeat', { text: 'hi' }],
      ] as const) {
        const { content } = await call(plain, name, args);
        expect(await call(group, name, args)).toEqual({ content });
        const params = { name, arguments: args, _meta: { progressToken: 'p' } };
        expect((await send(group, legacy('tools/call', params))).body.result).toEqual({ content });
      }
      const listed = (each: TestGroup) => send(each, legacy('tools/list')).then(({ text }) => text);
      expect(await listed(plain)).toContain('"outputSchema"');
      expect(await listed(group)).not.toContain('"outputSchema"');
      const record = await lastRecord(group);
      expect(record).toMatchObject({ success: true });
      expect(record['response_data']).not.toHaveProperty('structuredContent');
    });

    it('are cut without becoming errors', async () => {
      const group = await groupWith({ structured_content: false, result_max_bytes: LIMIT });
      const cut = await call(group, 'promised_data', { characters: 9000 });
      expect(cut.isError).toBeUndefined();
      expect(truncation(cut)).toBeDefined();
    });

    it('are accepted by a client that checks what a schema promises', async () => {
      const group = await groupWith({ structured_content: false });
      const client = new Client({ name: 'checking', version: '1.0.0' });
      const headers = { authorization: `Bearer ${group.key}` };
      await client.connect(
        new StreamableHTTPClientTransport(new URL(group.url), { requestInit: { headers } }),
      );
      await client.listTools();
      const result = await client.callTool({ name: 'promised_data', arguments: { characters: 10 } });
      expect(result.structuredContent).toBeUndefined();
      await client.close();
    });

    it('are exported with the configuration', async () => {
      const group = await groupWith({ structured_content: false });
      const { text } = await fetch(`${t.url}/api/v1/admin/config/export`, {
        headers: { authorization: `Bearer ${tenant.adminToken}` },
      }).then(async (response) => ({ text: await response.text() }));
      expect(text.slice(text.indexOf(`  ${group.code}:`))).toContain('structured_content: false');
    });
  });

  describe('that are too long', () => {
    it('are cut at a character and read on, on any replica', async () => {
      const group = await groupWith({ result_max_bytes: LIMIT });
      const whole = longText(50_000);
      const cut = await call(group, 'long_text', { characters: 50_000 });
      const [first, note] = texts(cut);
      const { shownBytes, totalBytes, handle } = truncation(cut);
      expect(cut.isError).toBeUndefined();
      expect(Buffer.byteLength(first)).toBe(shownBytes);
      expect(totalBytes).toBe(Buffer.byteLength(whole));
      expect(Buffer.byteLength(first + note)).toBeLessThanOrEqual(LIMIT);
      expect(note).toContain(`the first ${shownBytes} of ${totalBytes} bytes`);
      expect(note).toContain(`{"handle":"${handle}","offset":${shownBytes}}`);
      let read = first;
      for (let offset = shownBytes, pages = 0; offset < totalBytes; pages++) {
        const page = await call(on(pages % 2 ? t : other, group), 'read_result', {
          handle,
          offset,
          limit: 1001,
        });
        const [text, about] = texts(page);
        const [, from, to] = /^\[Bytes (\d+) to (\d+) of \d+\./.exec(about) ?? [];
        expect(Number(from)).toBe(offset);
        read += text;
        offset = Number(to);
        expect(about).toContain(offset < totalBytes ? `Read on at offset ${offset}.` : 'That is the end.');
      }
      expect(read).toBe(whole);
      const record = await lastRecord(group);
      expect(record).toMatchObject({ tool_name: 'read_result', success: true });
    });

    it('are cut between values, so that no half of what the log hides is on record', async () => {
      const redaction = [{ detector: 'phone', applies_to: 'log' }];
      const group = await groupWith({ result_max_bytes: LIMIT, redaction });
      const phones = {
        text: Array.from({ length: 1000 }, (_, n) => `13${String(812345678 + n)}`).join(', '),
      };
      const cut = await call(group, 'repeat', phones);
      const { handle, totalBytes } = truncation(cut);
      let said = texts(cut)[0];
      for (let offset = truncation(cut).shownBytes; offset < totalBytes;) {
        const [text, about] = texts(await call(group, 'read_result', { handle, offset, limit: 300 }));
        said += text;
        offset = Number(/ to (\d+) of/.exec(about)?.[1]);
      }
      expect(JSON.parse(said)).toEqual({ said: phones.text });
      const rows = await t.dataSource.query<{ response: { content: { text: string }[] } }[]>(
        'SELECT response_data AS response FROM mcp_call_logs WHERE group_id = $1',
        [group.id],
      );
      expect(rows.length).toBeGreaterThan(20);
      for (const { response } of rows) expect(response.content[0].text).not.toMatch(/\d{2}/);
    });

    it('are read from where the agent likes, also over chunks and within a character', async () => {
      const group = await groupWith({ result_max_bytes: 100_000 });
      const whole = Buffer.from(longText(200_000));
      const { handle } = truncation(await call(group, 'long_text', { characters: 200_000 }));
      for (const offset of [0, 65_535, 65_536, 65_537, 131_071, whole.length - 3]) {
        const [text, about] = texts(await call(group, 'read_result', { handle, offset, limit: 70_000 }));
        const [, from, to] = /^\[Bytes (\d+) to (\d+)/.exec(about)?.map(Number) ?? [];
        expect(from).toBeLessThanOrEqual(offset);
        expect(offset - from).toBeLessThan(4);
        expect(text).toBe(whole.toString('utf8', from, to));
        expect(text).not.toContain('\uFFFD');
      }
      const beyond = await call(group, 'read_result', { handle, offset: whole.length });
      expect(beyond.isError).toBe(true);
      expect(texts(beyond)[0]).toContain(`offset must be less than ${whole.length}`);
    });

    it('of data are cut as text; with an output schema as an error that says so', async () => {
      const group = await groupWith({ result_max_bytes: LIMIT });
      const plain = await call(group, 'long_data', { characters: 9000 });
      expect(plain).not.toHaveProperty('structuredContent');
      expect(texts(plain)[0]).toMatch(/^\{"text":"0 é 中/);
      const promised = await call(group, 'promised_data', { characters: 9000 });
      expect(promised.isError).toBe(true);
      expect(promised).not.toHaveProperty('structuredContent');
      expect(texts(promised).at(-1)).toContain('promised_data ran. Its result is too long');
      expect(truncation(promised).handle).toMatch(/^result_[\w-]{32}$/);
      expect(await lastRecord(group)).toMatchObject({ success: false, error_kind: 'result_invalid' });
      expect(await call(group, 'promised_data', { characters: 100 })).toHaveProperty(
        'structuredContent.text',
      );
    });

    it('of data count twice: what fits once is whole, and text only', async () => {
      const group = await groupWith({ result_max_bytes: LIMIT });
      const bytesOf = (result: McpResult) => Buffer.byteLength(texts(result)[0]);
      const both = await call(group, 'long_data', { characters: 400 });
      expect(both).toHaveProperty('structuredContent.text');
      const once = await call(group, 'long_data', { characters: 800 });
      expect(once).not.toHaveProperty('structuredContent');
      expect(once.isError).toBeUndefined();
      expect(truncation(once)).toBeUndefined();
      expect(JSON.parse(texts(once)[0])).toEqual({ text: longText(800) });
      expect([2 * bytesOf(both) <= LIMIT, 2 * bytesOf(once) > LIMIT, bytesOf(once) <= LIMIT]).toEqual([
        true,
        true,
        true,
      ]);
      const promised = await call(group, 'promised_data', { characters: 800 });
      expect(promised).toMatchObject({ isError: true, content: [once.content![0], {}] });
      expect(texts(promised)[1]).toContain('promised_data ran. Its result is complete');
      expect(await lastRecord(group)).toMatchObject({ success: false, error_kind: 'result_invalid' });
    });

    it('fit into the limit as they go over the wire, whatever JSON makes of their characters', async () => {
      const group = await groupWith({ result_max_bytes: LIMIT });
      const event = ({ id, result }: { id: unknown; result: McpResult }) =>
        Buffer.byteLength(`event: message\ndata: ${JSON.stringify({ jsonrpc: '2.0', id, result })}\n\n`);
      for (const unit of ['"', '\\', '\n', '\u0001', '中', 'a', ',"\u0002\n'])
        for (const count of [60, 100, 130, 200, 300, 400, 600, 800, 1000, 1500, 2000, 9000]) {
          const said = await call(group, 'repeat', { text: unit.repeat(count) });
          expect(event({ id: 1, result: said })).toBeLessThanOrEqual(LIMIT);
          const { handle, shownBytes } = truncation(said) ?? {};
          if (handle === undefined) continue;
          const part = await call(group, 'read_result', { handle, offset: shownBytes, limit: 65_536 });
          expect(part.isError).toBeUndefined();
          expect(truncation(part)).toBeUndefined();
          expect(texts(part)[0]).not.toBe('');
          expect(event({ id: 1, result: part })).toBeLessThanOrEqual(LIMIT);
        }
      for (let characters = 100; characters < 3000; characters += 90) {
        const promised = await call(group, 'promised_data', { characters });
        expect(event({ id: 1, result: promised })).toBeLessThanOrEqual(LIMIT);
      }
    });

    it('of a group without read_result have no handle; pictures and what cannot be kept are refused', async () => {
      const group = await groupWith({ result_max_bytes: LIMIT }, TOOLS);
      const cut = await call(group, 'long_text', { characters: 9000 });
      expect(truncation(cut)).not.toHaveProperty('handle');
      expect(texts(cut)[1]).toContain('Ask for less');
      for (const [name, characters] of [
        ['long_picture', 9000],
        ['long_text', 450_000],
      ] as const) {
        const refused = await call(group, name, { characters });
        expect(refused.isError).toBe(true);
        expect(texts(refused)[0]).toMatch(/^The result of long_\w+ is more than the \d+ bytes allowed/);
      }
      expect(await t.dataSource.query('SELECT FROM call_results WHERE group_id = $1', [group.id])).toEqual(
        [],
      );
    });

    it('without end are not looked at beyond what could be kept', async () => {
      const group = await groupWith({ result_max_bytes: LIMIT });
      const refused = await call(group, 'endless', {});
      expect(texts(refused)[0]).toMatch(/^The result of endless is more than the 400000 bytes allowed/);
      expect(endless.reads).toBeLessThan(500);
      expect(await lastRecord(group)).toMatchObject({ error_kind: 'result_invalid' });
    });

    it('in what is not text of a block are refused; what is no JSON is the fault of the tool, on record', async () => {
      const group = await groupWith({ result_max_bytes: LIMIT });
      const large = await call(group, 'odd_block', { what: 'large' });
      expect(texts(large)[0]).toMatch(/^The result of odd_block is more than the 2048 bytes allowed/);
      for (const what of ['circular', 'bigint']) {
        expect(texts(await call(group, 'odd_block', { what }))[0]).toMatch(
          /^odd_block ran, but gave a result/,
        );
        expect(await lastRecord(group)).toMatchObject({ error_kind: 'result_invalid' });
      }
    });

    it("go by the tool's limit before the group's", async () => {
      const group = await groupWith({ result_max_bytes: LIMIT });
      const { items } = await t.rest('GET', `/admin/tools?group_id=${group.id}&limit=100`, {
        token: tenant.adminToken,
      });
      const id = items.find(({ tool_name }) => tool_name === 'long_text')?.id ?? '';
      const body = { policy: { result_max_bytes: 100_000 } };
      await t.rest('PUT', `/admin/tools/${id}`, { token: tenant.adminToken, body });
      expect(truncation(await call(group, 'long_text', { characters: 9000 }))).toBeUndefined();
      expect(truncation(await call(group, 'long_data', { characters: 9000 }))).toBeDefined();
    });
  });

  describe('a kept result', () => {
    it('is read no more by who has lost the tool that gave it', async () => {
      const group = await groupWith({ result_max_bytes: LIMIT });
      const { handle } = truncation(await call(group, 'long_text', { characters: 9000 }));
      const { items } = await t.rest('GET', `/admin/tools?group_id=${group.id}&limit=100`, {
        token: tenant.adminToken,
      });
      const id = items.find(({ tool_name }) => tool_name === 'long_text')?.id ?? '';
      const enable = (enabled: boolean) =>
        t.rest('PUT', `/admin/tools/${id}`, { token: tenant.adminToken, body: { enabled } });
      expect((await enable(false)).status).toBe(200);
      expect(texts(await call(group, 'read_result', { handle }))[0]).toContain('No kept result');
      await enable(true);
      expect((await call(group, 'read_result', { handle })).isError).not.toBe(true);
    });

    it('is for its caller and group only, sealed, for as long as it lasts', async () => {
      const group = await groupWith({ result_max_bytes: LIMIT });
      const stranger = await groupWith({ result_max_bytes: LIMIT });
      const cut = await call(group, 'long_text', { characters: 9000 });
      const { handle } = truncation(cut);
      const added = await t.rest('POST', `/admin/groups/${group.id}/keys`, {
        token: tenant.adminToken,
        body: { name: 'another' },
      });
      const otherKey = { ...group, key: added.body.data.api_key };
      const foreign = await t.newTenant();
      const theirs = await newGroup(t, foreign, { tools: ['read_result'] });
      for (const caller of [stranger, otherKey, theirs]) {
        const refused = await call(caller, 'read_result', { handle });
        expect(texts(refused)[0]).toContain('No kept result has this handle');
      }
      expect(texts(await call(group, 'read_result', { handle }))[0]).toMatch(/^0 é 中 🙂\n/);
      const [{ content }] = await t.dataSource.query(
        `SELECT c.content FROM call_result_chunks c JOIN call_results r ON r.id = c.result_id WHERE r.group_id = $1`,
        [group.id],
      );
      expect((content as Buffer).includes('中')).toBe(false);
      await t.dataSource.query(`UPDATE call_results SET expires_at = now() WHERE group_id = $1`, [group.id]);
      expect(texts(await call(group, 'read_result', { handle }))[0]).toContain('No kept result');
      await t.app.get(ResultStore, { strict: false }).deleteExpired();
      const left = await t.dataSource.query(
        'SELECT FROM call_result_chunks c JOIN call_results r ON r.id = c.result_id WHERE r.group_id = $1',
        [group.id],
      );
      expect(left).toEqual([]);
    });

    it('makes room for newer ones of its tenant', async () => {
      const spacious = await t.newTenant();
      const group = await newGroup(t, spacious, { tools: ['long_text', 'read_result'] });
      const body = { policy: { result_max_bytes: LIMIT } };
      await t.rest('PUT', `/admin/groups/${group.id}`, { token: spacious.adminToken, body });
      const handles: string[] = [];
      const args = { characters: 150_000 };
      for (let n = 0; n < 8; n++) {
        const { body: answer } = await send(
          group,
          legacy('tools/call', { name: 'long_text', arguments: args }),
        );
        handles.push(truncation(answer.result ?? {}).handle ?? '');
      }
      const [{ bytes }] = await t.dataSource.query(
        'SELECT sum(bytes)::int AS bytes FROM call_results WHERE tenant_id = $1',
        [spacious.tenantId],
      );
      expect(bytes).toBeLessThanOrEqual(1_000_000);
      expect(bytes).toBeGreaterThan(500_000);
      expect((await call(group, 'read_result', { handle: handles[0] })).isError).toBe(true);
      expect((await call(group, 'read_result', { handle: handles[7] })).isError).toBeUndefined();
    });
  });

  describe('redaction', () => {
    const PHONE = '13812345678';
    const rules = (applies_to: string, detector = 'phone') => ({ redaction: [{ detector, applies_to }] });

    it.each([
      ['agent', '[redacted:phone]', PHONE, '[redacted:phone]'],
      ['log', PHONE, '[redacted:phone]', '[redacted:phone]'],
      ['both', '[redacted:phone]', '[redacted:phone]', '[redacted:phone]'],
    ])('for %s', async (appliesTo, shown, arguments_, recorded) => {
      const group = await groupWith(rules(appliesTo));
      const result = await call(group, 'repeat', { text: PHONE });
      expect(result.structuredContent).toEqual({ said: shown });
      expect(JSON.parse(texts(result)[0])).toEqual({ said: shown });
      expect(await lastRecord(group)).toMatchObject({
        request_data: { text: arguments_ },
        response_data: { structuredContent: { said: recorded } },
      });
      const refused = await call(group, 'refuse', { text: PHONE });
      expect(texts(refused)).toEqual([`Not for ${shown}`]);
      expect(await lastRecord(group)).toMatchObject({ error_message: `Not for ${recorded}` });
    });

    it('also of progress, and of what is kept to be read on', async () => {
      const group = await groupWith({
        redaction: [{ detector: 'pattern', pattern: '中' }],
        result_max_bytes: LIMIT,
      });
      const meta = { progressToken: 1 };
      const { messages } = await send(
        group,
        modern('tools/call', { name: 'repeat', arguments: { text: '中' } }, meta),
      );
      const progress = messages.find(({ method }) => method === 'notifications/progress');
      expect(progress?.params).toMatchObject({ message: 'now [redacted:pattern]' });
      const { handle } = truncation(await call(group, 'long_text', { characters: 9000 }));
      const [page] = texts(await call(group, 'read_result', { handle, offset: 3000 }));
      expect(page).toContain('[redacted:pattern]');
      expect(page).not.toContain('中');
    });

    it('withholds structured content that it makes unfit for its schema', async () => {
      const group = await groupWith(rules('agent', 'email'));
      const result = await call(group, 'promised_email', {});
      expect(result).not.toHaveProperty('structuredContent');
      expect(result.isError).toBe(true);
      expect(JSON.parse(texts(result)[0])).toEqual({ email: '[redacted:email]' });
      expect(texts(result)[1]).toContain('promised_email ran');
    });

    it("holds for an admin's test, too", async () => {
      const group = await groupWith(rules('agent'));
      const { items } = await t.rest('GET', `/admin/tools?group_id=${group.id}&limit=100`, {
        token: tenant.adminToken,
      });
      const id = items.find(({ tool_name }) => tool_name === 'repeat')?.id;
      const body = { arguments: { text: PHONE } };
      const tested = await t.rest('POST', `/admin/tools/${id}/test`, { token: tenant.adminToken, body });
      expect(JSON.stringify(tested.body.data)).toContain('[redacted:phone]');
      expect(JSON.stringify(tested.body.data)).not.toContain(PHONE);
    });

    it('refuses rules that cannot be kept to', async () => {
      const group = await groupWith({});
      const save = (rule: object) =>
        t.rest('PUT', `/admin/groups/${group.id}`, {
          token: tenant.adminToken,
          body: { policy: { redaction: [rule] } },
        });
      const empty = await save({ detector: 'pattern', pattern: 'a*' });
      expect(empty.status).toBe(400);
      expect(empty.body.error.details?.[0]?.message).toContain(
        'redaction.0.pattern: must not match the empty text',
      );
      const wrong = await save({ detector: 'pattern', pattern: '(?=a)b' });
      expect(wrong.body.error.details?.[0]?.message).toContain(
        'is not a regular expression of the RE2 syntax',
      );
    });
  });

  it('reach a real client, which checks them against the schema', async () => {
    const group = await groupWith({ result_max_bytes: LIMIT, redaction: [{ detector: 'email' }] });
    const client = new Client({ name: 'real', version: '1.0.0' });
    const requestInit = { headers: { Authorization: `Bearer ${group.key}` } };
    await client.connect(new StreamableHTTPClientTransport(new URL(group.url), { requestInit }));
    await client.listTools(); // now it knows the schemas
    for (const [name, args] of [
      ['promised_data', { characters: 9000 }],
      ['promised_email', {}],
      ['long_data', { characters: 9000 }],
    ] as const) {
      const result = await client.callTool({ name, arguments: args });
      expect(result.content).toEqual(expect.arrayContaining([expect.objectContaining({ type: 'text' })]));
    }
    await client.close();
  });
});
