// Processes of a run: servers on core 0, the load on core 1. PostgreSQL is left to the kernel.
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { dirname, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

export const ROOT = join(dirname(fileURLToPath(import.meta.url)), '../..');
/** What `npm start` gives Node. */
export const PRODUCT_FLAGS = /exec node (.*) dist\/bin\/main\.js/
  .exec(JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')).scripts.start)[1]
  .split(' ');
const SERVER_CORE = '0';
const LOAD_CORE = '1';
const START_LIMIT_MS = 60_000;
const OUTPUT_MAX_BYTES = 64 * 1024 * 1024;

const running = [];
/** A measurement that fails must not leave servers behind. */
process.once('exit', () => {
  for (const child of running) child.kill('SIGKILL');
});

/** The product with the bench's tools, started as `npm start` starts it. */
export function startToolcrib(name, env, flags = []) {
  return startServer(name, 'bench/toolcrib.mjs', env, [...PRODUCT_FLAGS, ...flags]);
}

/**
 * @param script Path from the repository's root.
 * @param env All the environment it gets, beside PATH and a free PORT.
 * @returns `{ name, pid, port, output, memory, stop }` once it takes connections; `output` gives what it printed, `memory` asks
 *   `toolcrib.mjs` what it holds.
 */
export async function startServer(name, script, env = {}, nodeOptions = []) {
  const port = await freePort();
  const child = spawn('taskset', ['-c', SERVER_CORE, process.execPath, ...nodeOptions, join(ROOT, script)], {
    env: { PATH: process.env.PATH, ...env, PORT: String(port) },
    stdio: ['ignore', 'pipe', 'inherit', 'ipc'],
  });
  running.push(child);
  let printed = '';
  child.stdout.setEncoding('utf8').on('data', (text) => (printed += text));
  const deadline = performance.now() + START_LIMIT_MS;
  while (!(await accepts(port))) {
    if (child.exitCode !== null || performance.now() > deadline) throw new Error(`${name} did not start`);
    await delay(50);
  }
  const stop = async () => {
    if (child.exitCode === null && child.signalCode === null) {
      child.kill('SIGTERM');
      await once(child, 'close');
    }
    running.splice(running.indexOf(child), 1);
  };
  const memory = async () => {
    child.send('memory');
    const [held] = await once(child, 'message');
    return held;
  };
  return { name, pid: child.pid, port, output: () => printed, memory, stop };
}

/** The load tool's measurements of one target. @see ../mcp-load.mjs for the options. */
export async function load(target, { concurrency, seconds, warmup }) {
  const { url, pid, protocol, key, tool, args, expect, expectTools } = target;
  const parameters = [
    ...['--url', url, '--protocol', protocol, '--json', '--pid', `server=${pid}`],
    ...['-c', concurrency.join(','), '-d', String(seconds), '--warmup', String(warmup)],
    ...(key ? ['--header', `Authorization: Bearer ${key}`] : []),
    ...(tool ? ['--tool', tool] : []),
    ...(args ? ['--args', JSON.stringify(args)] : []),
    ...(expect === undefined ? [] : ['--expect', expect]),
    ...(expectTools === undefined ? [] : ['--op', 'list', '--expect-tools', String(expectTools)]),
  ];
  const { runs } = await onLoadCore(process.execPath, [join(ROOT, 'bench/mcp-load.mjs'), ...parameters]).then(
    ({ stdout }) => JSON.parse(stdout),
    (error) => {
      if (!error.stdout) throw error;
      return JSON.parse(error.stdout); // it ends with 1 when nothing was answered in time
    },
  );
  return runs;
}

export function onLoadCore(command, parameters, env = process.env) {
  return promisify(execFile)('taskset', ['-c', LOAD_CORE, command, ...parameters], {
    env,
    maxBuffer: OUTPUT_MAX_BYTES,
  });
}

async function freePort() {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address();
  server.close();
  await once(server, 'close');
  return port;
}

function accepts(port) {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => resolve(true));
    socket.once('error', () => resolve(false)).once('connect', () => socket.destroy());
  });
}
