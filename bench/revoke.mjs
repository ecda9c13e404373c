// How fast a revoked key stops opening its group, on three replicas under load.
//
//   npm run build && node bench/revoke.mjs [--rounds 40] [--connections 8]
//
// Each round replaces the key of a group through one replica while every replica gets tools/call with the old key over
// `connections` kept-alive connections. From COMMIT: the answering replica's own time line (`replicas[].ms` counts from there).
import { spawn } from 'node:child_process';
import { createHmac } from 'node:crypto';
import { once } from 'node:events';
import { chmodSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { Agent, request } from 'node:http';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const { values: options } = parseArgs({
  options: { rounds: { type: 'string', default: '40' }, connections: { type: 'string', default: '8' } },
});
const dataDir = mkdtempSync(join(tmpdir(), 'toolcrib-revoke-'));
chmodSync(dataDir, 0o755); // as root, PostgreSQL runs as another user
const agent = new Agent({ keepAlive: true, maxSockets: Infinity });
const children = [];

function send(url, { method = 'POST', headers, body }) {
  return new Promise((resolve, reject) => {
    const text = body === undefined ? undefined : JSON.stringify(body);
    const outgoing = request(
      url,
      { method, agent, headers: { 'content-type': 'application/json', ...headers } },
      (response) => {
        let received = '';
        response.setEncoding('utf8').on('data', (data) => (received += data));
        response.on('end', () => resolve({ status: response.statusCode, text: received }));
      },
    );
    outgoing.on('error', reject);
    outgoing.end(text);
  });
}

async function serve(port, env) {
  const child = spawn(process.execPath, [join(root, 'dist/bin/main.js')], {
    cwd: tmpdir(),
    env: { PATH: process.env.PATH, PORT: String(port), REPLICA_NAME: `replica-${port}`, ...env },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  children.push(child);
  let output = '';
  child.stdout.setEncoding('utf8').on('data', (text) => (output += text));
  while (!output.includes('Serving on')) await once(child.stdout, 'data');
  return { url: `http://127.0.0.1:${port}`, output: () => output };
}

const percentile = (numbers, share) =>
  numbers.toSorted((a, b) => a - b)[Math.min(numbers.length - 1, Math.floor(numbers.length * share))];

try {
  const first = await serve(4811, { DATA_DIR: dataDir, ADMIN_PASSWORD: 'a long enough password' });
  const secret = Buffer.from(readFileSync(join(dataDir, 'postgres.password'), 'utf8'), 'base64').toString(
    'base64url',
  );
  const [, , , databasePort] = readFileSync(join(dataDir, 'postgres/postmaster.pid'), 'utf8').split('\n');
  // Each role of the embedded server has its own password: see `passwordOf` in src/boot/postgres/embedded-postgres.ts.
  const urlAs = (role) => {
    const password = createHmac('sha256', secret).update(role).digest('base64url');
    return `postgres://${role}:${password}@127.0.0.1:${databasePort}/toolcrib`;
  };
  const shared = {
    DATABASE_URL: urlAs('toolcrib'),
    DATABASE_APP_URL: urlAs('toolcrib_app'),
    DATABASE_SYSTEM_URL: urlAs('toolcrib_system'),
    DATABASE_LOG_URL: urlAs('toolcrib_log'),
    TOOLCRIB_MASTER_KEY: readFileSync(join(dataDir, 'master.key'), 'utf8').trim(),
  };
  const replicas = [first, await serve(4812, shared), await serve(4813, shared)];
  const signedIn = await send(`${first.url}/api/v1/auth/login`, {
    body: { email: 'admin@toolcrib.local', password: 'a long enough password' },
  });
  const headers = { authorization: `Bearer ${JSON.parse(signedIn.text).data.access_token}` };
  const groups = JSON.parse(
    (await send(`${first.url}/api/v1/admin/groups`, { method: 'GET', headers })).text,
  );
  const { id } = groups.data[0];
  let key = JSON.parse(
    (await send(`${first.url}/api/v1/admin/groups/${id}/api-key`, { method: 'GET', headers })).text,
  ).data.api_key;

  const body = {
    jsonrpc: '2.0',
    id: 1,
    method: 'tools/call',
    params: { name: 'get_project_info', arguments: { limit: 1 } },
  };
  const lastAccepted = [];
  const inForce = [];
  let late = 0;
  let calls = 0;
  for (let round = 0; round < Number(options.rounds); round++) {
    const accepted = [];
    let stop = false;
    const loops = replicas.flatMap(({ url }) =>
      Array.from({ length: Number(options.connections) }, async () => {
        const authorization = `Bearer ${key}`;
        while (!stop) {
          const startedMs = performance.now();
          const { status } = await send(`${url}/mcp/sample/mcp`, { headers: { authorization }, body });
          calls++;
          if (status === 200) accepted.push(startedMs);
        }
      }),
    );
    await new Promise((resolve) => setTimeout(resolve, 300));
    const { url } = replicas[round % replicas.length];
    const answer = await send(`${url}/api/v1/admin/groups/${id}/regenerate-key`, { headers });
    const answeredMs = performance.now();
    await new Promise((resolve) => setTimeout(resolve, 200));
    stop = true;
    await Promise.all(loops);
    const { data, replicas: told, effective_immediately: isInForce } = JSON.parse(answer.text);
    if (!isInForce) throw new Error(`Not in force: ${answer.text}`);
    const slowestMs = Math.max(...told.map(({ ms }) => ms));
    const committedMs = answeredMs - slowestMs; // no later than that: the answer took its way after the last replica
    inForce.push(slowestMs);
    lastAccepted.push(Math.max(0, Math.max(...accepted) - committedMs));
    late += accepted.filter((startedMs) => startedMs > answeredMs).length;
    key = data.api_key;
  }
  const line = (name, numbers) =>
    `${name}: median ${percentile(numbers, 0.5).toFixed(1)} ms, p99 ${percentile(numbers, 0.99).toFixed(1)} ms`;
  console.log(`${options.rounds} revocations, ${calls} calls over ${replicas.length} replicas`);
  console.log(line('COMMIT until in force on the slowest replica', inForce));
  console.log(line('COMMIT until the last accepted call began', lastAccepted));
  console.log(`calls accepted that began after the API answered: ${late}`);
} finally {
  agent.destroy();
  for (const child of children.toReversed()) {
    child.kill('SIGTERM');
    await once(child, 'exit');
  }
  rmSync(dataDir, { recursive: true, force: true });
}
