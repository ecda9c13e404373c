import { createSocket } from 'node:dgram';
import { createServer as createHttp, type Server as HttpServer } from 'node:http';
import { createServer as createTcp, type Server, type AddressInfo } from 'node:net';
import { loadConfig } from '../../src/platform/config.js';
import { SyslogTarget, toSyslog } from '../../src/call-logs/forwarding/syslog.js';
import { createTestApp, type TestApp, type TestTenant } from '../support/test-app.js';
import { eventually } from '../support/waiting.js';

const portOf = (server: Server | HttpServer) => (server.address() as AddressInfo).port;
const listen = (server: Server | HttpServer, port = 0) =>
  new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));

type Received = {
  readonly attributes: Map<string, unknown>;
  readonly severity: string;
  readonly body: string;
};
type Body = {
  resourceLogs: {
    scopeLogs: {
      logRecords: {
        severityText: string;
        body: { stringValue: string };
        attributes: { key: string; value: Record<string, unknown> }[];
      }[];
    }[];
  }[];
};

const CALL = {
  id: 'i',
  tenantId: 't',
  createdAt: new Date(0),
  groupId: 'g',
  toolName: 'x',
  callerAppId: null,
  keyId: null,
  userId: null,
  era: 'e',
  transport: 'rest',
  isTest: false,
  success: true,
  errorKind: null,
  durationMs: 1,
};

describe('forwarding of the call log', () => {
  let collector: HttpServer;
  let syslog: Server;
  let isDown = false;
  const received: Received[] = [];
  const frames: string[] = [];
  let t: TestApp;
  let second: TestApp;
  let tenant: TestTenant;

  const env = () => ({
    CALL_LOG_FORWARD_OTLP_URL: `http://127.0.0.1:${portOf(collector)}/v1/logs`,
    CALL_LOG_FORWARD_OTLP_HEADERS: 'X-Collector-Key=k=1',
    CALL_LOG_FORWARD_SYSLOG_URL: `tcp://127.0.0.1:${portOf(syslog)}`,
  });
  const add = (tool: string, count = 1, success = true) =>
    t.dataSource.query(
      `INSERT INTO mcp_call_logs (id, created_at, tenant_id, group_id, tool_name, era, transport, success, error_kind, duration_ms,
         request_data)
       SELECT gen_random_uuid(), now(), $1, $1, $2, 'rest', 'rest', $3, CASE WHEN NOT $3 THEN 'timeout' END, 1.5, '{"secret":"payload"}'
       FROM generate_series(1, $4::int)`,
      [tenant.tenantId, tool, success, count],
    );
  const idsOf = async (tool: string) =>
    (
      await t.dataSource.query<{ id: string }[]>('SELECT id FROM mcp_call_logs WHERE tool_name = $1', [tool])
    ).map(({ id }) => id);
  const of = (tool: string) =>
    received.filter(({ attributes }) => attributes.get('toolcrib.tool_name') === tool);

  beforeAll(async () => {
    collector = createHttp((request, response) => {
      const pieces: Buffer[] = [];
      request.on('data', (piece: Buffer) => pieces.push(piece));
      request.on('end', () => {
        if (isDown || request.headers['x-collector-key'] !== 'k=1') return void response.writeHead(503).end();
        const body = JSON.parse(Buffer.concat(pieces).toString()) as Body;
        const records = body.resourceLogs.flatMap(({ scopeLogs }) =>
          scopeLogs.flatMap((scope) => scope.logRecords),
        );
        if (records.some(({ body: { stringValue } }) => stringValue.startsWith('poison')))
          return void response.writeHead(400).end();
        for (const record of records) {
          const attributes = new Map(
            record.attributes.map(({ key, value }) => [key, Object.values(value)[0]]),
          );
          received.push({ attributes, severity: record.severityText, body: record.body.stringValue });
        }
        return void response.end('{}');
      });
    });
    syslog = createTcp((socket) => {
      const pieces: Buffer[] = [];
      socket.on('data', (piece) => pieces.push(piece));
      socket.on('error', () => undefined);
      socket.on('end', () => {
        let bytes = Buffer.concat(pieces);
        while (bytes.length > 0) {
          const space = bytes.indexOf(' ');
          const length = Number(bytes.subarray(0, space).toString());
          frames.push(bytes.subarray(space + 1, space + 1 + length).toString());
          bytes = bytes.subarray(space + 1 + length);
        }
      });
    });
    await Promise.all([listen(collector), listen(syslog)]);
    t = await createTestApp({ env: env() });
    second = await createTestApp({ database: t.database, env: env() });
    tenant = await t.newTenant();
    await eventually(async () => {
      const [{ n }] = await t.dataSource.query(
        `SELECT count(*)::int AS n FROM call_log_positions WHERE follower IN ('otlp', 'syslog') AND recorded_in >= 0`,
      );
      return n === 2;
    });
  });
  afterAll(async () => {
    await second.close();
    await t.close();
    collector.close();
    syslog.close();
  });

  it('sends each call to the collector, with what it says and without payloads', async () => {
    await add('plain', 3);
    await add('wrong', 1, false);
    await eventually(() => of('plain').length >= 3 && of('wrong').length >= 1);
    const ids = of('plain').map(({ attributes }) => String(attributes.get('toolcrib.id')));
    expect([...new Set(ids)].toSorted()).toEqual((await idsOf('plain')).toSorted());
    const [wrong] = of('wrong');
    expect(wrong).toMatchObject({ severity: 'ERROR', body: 'wrong failed (timeout) in 1.5 ms' });
    expect(wrong.attributes.get('toolcrib.tenant_id')).toBe(tenant.tenantId);
    expect([...wrong.attributes.keys()]).not.toContain('toolcrib.request_data');
  });

  it('sends it as syslog, in frames that are counted', async () => {
    await eventually(() => frames.filter((frame) => frame.includes('tool_name="plain"')).length >= 3);
    const frame = frames.find((text) => text.includes('tool_name="wrong"')) ?? '';
    expect(frame).toMatch(/^<108>1 \d{4}-\d\d-\d\dT[\d:.]+Z \S+ toolcrib \d+ tools\/call \[call@32473 id="/);
    expect(frame).toContain('error_kind="timeout"');
    expect(JSON.parse(frame.slice(frame.indexOf('\uFEFF') + 1))).toMatchObject({
      tool_name: 'wrong',
      success: false,
    });
    expect(frame).not.toContain('payload');
  });

  it('loses nothing while the collector is down', async () => {
    isDown = true;
    await add('during', 700);
    await eventually(() => frames.filter((frame) => frame.includes('tool_name="during"')).length >= 700);
    expect(of('during')).toEqual([]);
    isDown = false;
    await eventually(() => of('during').length >= 700);
    const ids = of('during').map(({ attributes }) => String(attributes.get('toolcrib.id')));
    expect([...new Set(ids)].toSorted()).toEqual((await idsOf('during')).toSorted());
    expect(ids).toHaveLength(700); // two replicas, and each record went once
  });

  it('leaves out a single record that the collector refuses, and goes on', async () => {
    await add('before', 5);
    await add('poison', 1);
    await add('after', 5);
    await eventually(() => of('after').length === 5 && of('before').length === 5);
    expect(of('poison')).toEqual([]);
  });

  it('goes on after a restart with payloads, when the setting says so', async () => {
    await Promise.all([t.app.close(), second.app.close()]);
    await add('restart', 2);
    const third = await createTestApp({
      database: t.database,
      env: { ...env(), CALL_LOG_FORWARD_PAYLOADS: 'true' },
    });
    await eventually(() => of('restart').length === 2);
    expect(of('restart')[0].attributes.get('toolcrib.request_data')).toBe('{"secret":"payload"}');
    await third.close();
  });

  it('sends many datagrams over one socket, and listens for its end once', async () => {
    const server = createSocket('udp4');
    let datagrams = 0;
    server.on('message', () => (datagrams += 1));
    await new Promise<void>((resolve) => server.bind(0, '127.0.0.1', resolve));
    const warnings: string[] = [];
    const warned = ({ name }: Error) => warnings.push(name);
    process.on('warning', warned);
    await new SyslogTarget(`udp://127.0.0.1:${server.address().port}`).send(
      Array.from({ length: 50 }, (_, n) => ({ ...CALL, id: String(n) })),
    );
    await eventually(() => datagrams === 50);
    process.off('warning', warned);
    server.close();
    expect(warnings).toEqual([]);
  });

  it('escapes what has a meaning in structured data', () => {
    expect(toSyslog({ ...CALL, toolName: String.raw`a"b]c\d` }).toString()).toContain(
      String.raw`tool_name="a\"b\]c\\d"`,
    );
  });

  it('reads the settings strictly', () => {
    const load = (set: Record<string, string>) => () => loadConfig(set);
    expect(load({ CALL_LOG_FORWARD_SYSLOG_URL: 'http://x' })).toThrow('CALL_LOG_FORWARD_SYSLOG_URL');
    expect(load({ CALL_LOG_FORWARD_OTLP_HEADERS: 'nothing' })).toThrow('must be name=value');
  });
});
