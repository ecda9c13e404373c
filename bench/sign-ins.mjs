// What many sign-ins at once do to tool calls.
//
//   npm run build && node bench/sign-ins.mjs [--sign-ins 240] [--callers 4]
//
// `callers` kept-alive connections call a tool without a pause; after some seconds that many people sign in at once, whoever is told to
// come again does so when `Retry-After` says, and the calls go on until all are signed in. The first figures are of the calls alone.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { Agent, request } from 'node:http';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const { values: options } = parseArgs({
  options: { 'sign-ins': { type: 'string', default: '240' }, callers: { type: 'string', default: '4' } },
});
const PORT = 4821;
const ALONE_MS = 5000;
const PASSWORD = 'a long enough password';
const url = `http://127.0.0.1:${PORT}`;
const dataDir = mkdtempSync(join(tmpdir(), 'toolcrib-sign-ins-'));
chmodSync(dataDir, 0o755); // as root, PostgreSQL runs as another user
const agent = new Agent({ keepAlive: true, maxSockets: Infinity });

function send(path, { method = 'POST', headers, body }) {
  return new Promise((resolve, reject) => {
    const outgoing = request(
      url + path,
      { method, agent, headers: { 'content-type': 'application/json', ...headers } },
      (response) => {
        let text = '';
        response.setEncoding('utf8').on('data', (piece) => (text += piece));
        response.on('end', () => resolve({ status: response.statusCode, headers: response.headers, text }));
      },
    );
    outgoing.on('error', reject);
    outgoing.end(body === undefined ? undefined : JSON.stringify(body));
  });
}

const signIn = () =>
  send('/api/v1/auth/login', { body: { email: 'admin@toolcrib.local', password: PASSWORD } });
const percentile = (sorted, share) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))];
function say(what, timesMs) {
  const sorted = timesMs.toSorted((a, b) => a - b);
  const [p50, p95, max] = [0.5, 0.95, 1].map((share) => percentile(sorted, share)?.toFixed(0));
  console.log(`${what}: ${sorted.length} in all, p50 ${p50} ms, p95 ${p95} ms, longest ${max} ms`);
}

const server = spawn(process.execPath, ['--max-semi-space-size=16', join(root, 'dist/bin/main.js')], {
  cwd: tmpdir(),
  env: {
    PATH: process.env.PATH,
    PORT: String(PORT),
    DATA_DIR: dataDir,
    ADMIN_PASSWORD: PASSWORD,
    AUTH_RATE_LIMIT: '1000000',
  },
  stdio: ['ignore', 'pipe', 'inherit'],
});
try {
  let output = '';
  server.stdout.setEncoding('utf8').on('data', (text) => (output += text));
  while (!output.includes('Serving on')) await once(server.stdout, 'data');
  const headers = { authorization: `Bearer ${JSON.parse((await signIn()).text).data.access_token}` };
  const read = async (path) => JSON.parse((await send(path, { method: 'GET', headers })).text).data;
  const [{ id, server_code: code }] = await read('/api/v1/admin/groups');
  const { api_key: key } = await read(`/api/v1/admin/groups/${id}/api-key`);
  const call = {
    jsonrpc: '2.0',
    id: 1,
    method: 'tools/call',
    params: { name: 'get_project_info', arguments: {} },
  };

  let callsMs = [];
  let isOver = false;
  const callers = Array.from({ length: Number(options.callers) }, async () => {
    while (!isOver) {
      const startMs = performance.now();
      const { status, text } = await send(`/mcp/${code}/mcp`, {
        headers: { authorization: `Bearer ${key}`, accept: 'application/json' },
        body: call,
      });
      if (status !== 200 || text.includes('"isError":true')) throw new Error(text);
      callsMs.push(performance.now() - startMs);
    }
  });
  await delay(1000); // warm
  callsMs = [];
  await delay(ALONE_MS);
  say('calls alone', callsMs);

  callsMs = [];
  let refused = 0;
  const startMs = performance.now();
  const signInsMs = await Promise.all(
    Array.from({ length: Number(options['sign-ins']) }, async () => {
      for (;;) {
        const { status, headers: told } = await signIn();
        if (status === 200) return performance.now() - startMs;
        if (status !== 503) throw new Error(`a sign-in was answered with ${status}`);
        refused++;
        await delay(1000 * Number(told['retry-after']));
      }
    }),
  );
  const tookMs = performance.now() - startMs;
  isOver = true;
  await Promise.all(callers);
  say(`calls beside ${options['sign-ins']} sign-ins at once`, callsMs);
  say('until signed in', signInsMs);
  console.log(`all signed in after ${(tookMs / 1000).toFixed(1)} s; ${refused} times told to come again`);
} finally {
  server.kill('SIGTERM');
  await once(server, 'exit');
  rmSync(dataDir, { recursive: true, force: true });
}
