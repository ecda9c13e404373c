import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { text } from 'node:stream/consumers';
import { setTimeout as delay } from 'node:timers/promises';
import { Client } from 'pg';
import { legacy, send, type TestGroup } from '../support/mcp.js';
import { makeDataDir, removeDataDir, type RunningServer, startServer } from '../support/server.js';
import { eventually } from '../support/waiting.js';

const ROUNDS = 5;
const CLIENTS = 24;
const ANSWERS_BEFORE_KILL = 150;

/** Promise 1 of the design: an answer never leaves before its record is committed, so a crash cannot lose it. */
describe('kill -9 under load', () => {
  let dataDir: string;

  beforeAll(() => {
    dataDir = makeDataDir();
  });
  afterAll(() => removeDataDir(dataDir));

  const start = (): Promise<RunningServer> =>
    startServer({ env: { DATA_DIR: dataDir, CHECKPOINT_EVERY_SECONDS: '1' } });
  const postmaster = () => readFileSync(join(dataDir, 'postgres/postmaster.pid'), 'utf8').split('\n');

  /** Calls until the server is gone; returns what was answered. */
  async function load(group: TestGroup, round: number, answered: string[]): Promise<void> {
    const client = async (number: number) => {
      for (let n = 0; ; n++) {
        const id = `${round}-${number}-${n}`;
        const call = legacy('tools/call', { name: 'search_users', arguments: { query: id, limit: 1 } }, id);
        try {
          const answer = await send(group, call);
          if (answer.body.result) answered.push(id);
        } catch {
          return; // the connection broke: not answered
        }
      }
    };
    await Promise.all(Array.from({ length: CLIENTS }, (_, number) => client(number)));
  }

  it(`loses no answered call in ${ROUNDS} rounds, with PostgreSQL killed too in every other`, async () => {
    const answered: string[] = [];
    let key = '';
    for (let round = 0; round < ROUNDS; round++) {
      const server = await start();
      key ||= /mcp_key_[A-Za-z0-9_-]+/.exec(server.stdout())?.[0] ?? '';
      const group = { id: '', code: 'sample', key, url: `${server.url}/mcp/sample/mcp` };
      const before = answered.length;
      const loading = load(group, round, answered);
      await eventually(() => answered.length - before > ANSWERS_BEFORE_KILL);
      await delay(round * 7); // another moment of a batch each round
      if (round % 2 === 1) process.kill(Number(postmaster()[0]), 'SIGKILL');
      await server.kill9();
      await loading;
    }
    const server = await start();
    const recorded = await recordedIds();
    const verified = await startCommand(['verify', '--json']);
    await server.stop();
    expect(verified).toMatchObject({ code: 0, findings: [] });
    expect(verified.checkpoints).toBeGreaterThan(0);
    expect(verified.records).toBe(recorded.size);
    expect(answered.length).toBeGreaterThan(ROUNDS * ANSWERS_BEFORE_KILL);
    expect(answered.filter((id) => !recorded.has(id))).toEqual([]);
  });

  /** The chain of the log is whole, however often it was torn. */
  async function startCommand(args: readonly string[]) {
    const command = spawn(process.execPath, [resolve(__dirname, '../../dist/bin/toolcrib.js'), ...args], {
      cwd: tmpdir(),
      env: { PATH: process.env['PATH'], DATA_DIR: dataDir },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const [stdout, [code]] = await Promise.all([text(command.stdout), once(command, 'close')]);
    const { reports } = JSON.parse(stdout) as {
      reports: { findings: object[]; records: number; checkpoints: number }[];
    };
    const sum = (of: 'records' | 'checkpoints') => reports.reduce((total, report) => total + report[of], 0);
    const findings = reports.flatMap((report) => report.findings);
    return { code: code as number, findings, records: sum('records'), checkpoints: sum('checkpoints') };
  }

  async function recordedIds(): Promise<Set<string>> {
    const client = new Client({
      host: '127.0.0.1',
      port: Number(postmaster()[3]),
      user: 'postgres',
      password: Buffer.from(readFileSync(join(dataDir, 'postgres.password'), 'utf8'), 'base64').toString(
        'base64url',
      ),
      database: 'toolcrib',
    });
    await client.connect();
    const { rows } = await client.query<{ id: string }>(
      `SELECT request_data->>'query' AS id FROM mcp_call_logs`,
    );
    await client.end();
    return new Set(rows.map(({ id }) => id));
  }
});
