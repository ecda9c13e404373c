// Measures the start of the built product: from `node dist/bin/main.js` to the first successful tools/call, on a new data
// directory (PostgreSQL's initdb, schema, sample data) and on an existing one, and the memory of the idle process.
//
//   npm run build && node bench/start.mjs [--rounds 3]
//
// Linux only (it reads /proc). Uses the node it is run with.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const PORT = 4811;
const SETTLE_MS = 3000;
const { values: options } = parseArgs({ options: { rounds: { type: 'string', default: '3' } } });
const main = join(dirname(fileURLToPath(import.meta.url)), '../dist/bin/main.js');

/** @returns The key the first start printed, if it did, and what was measured. */
async function start(dataDir, knownKey) {
  const startedAt = performance.now();
  const child = spawn(process.execPath, [main], {
    env: { PATH: process.env.PATH, PORT: String(PORT), DATA_DIR: dataDir },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let output = '';
  child.stdout.on('data', (chunk) => (output += chunk));
  try {
    for (;;) {
      const key = knownKey ?? /mcp_key_[A-Za-z0-9_-]+/.exec(output)?.[0];
      if (key && (await succeeds(key))) {
        const readyMs = Math.round(performance.now() - startedAt);
        await delay(SETTLE_MS);
        const status = readFileSync(`/proc/${child.pid}/status`, 'utf8');
        return { key, readyMs, rssMiB: Math.round(Number(/VmRSS:\s+(\d+)/.exec(status)[1]) / 1024) };
      }
      if (performance.now() - startedAt > 30_000) throw new Error(`Not ready within 30 s:\n${output}`);
      await delay(10);
    }
  } finally {
    child.kill('SIGTERM');
    await once(child, 'close');
  }
}

async function succeeds(key) {
  const params = { name: 'search_users', arguments: { query: 'a', limit: 1 } };
  const response = await fetch(`http://127.0.0.1:${PORT}/mcp/sample/mcp`, {
    method: 'POST',
    headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
    body: JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/call', params }),
  }).catch(() => undefined);
  const answer = await response?.json();
  return answer?.result !== undefined && answer.result.isError === undefined;
}

process.stdout.write(
  `Node ${process.version}\n| data directory | first tools/call after ms | idle RSS MiB |\n|---|---|---|\n`,
);
for (let round = 0; round < Number(options.rounds); round++) {
  const dataDir = mkdtempSync(join(tmpdir(), 'toolcrib-start-'));
  chmodSync(dataDir, 0o755); // as root, PostgreSQL runs as another user
  const first = await start(dataDir);
  const second = await start(dataDir, first.key);
  process.stdout.write(
    `| new | ${first.readyMs} | ${first.rssMiB} |\n| existing | ${second.readyMs} | ${second.rssMiB} |\n`,
  );
  rmSync(dataDir, { recursive: true, force: true });
}
