import { type ChildProcess, spawn } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { HANG_MS } from './waiting.js';

const ROOT = resolve(__dirname, '../..');
const POLL_MS = 20;
/** Of the code that servers load: a start compiles it anew otherwise. */
export const COMPILE_CACHE = resolve(ROOT, 'dist/.compile-cache');
/** Each jest worker has ports of its own; the system's own begin at 32768. */
const FIRST_PORT = 16_000;
const PORTS_EACH = 1000;
const PORT_RANGES = 16;
let portsTried = randomInt(PORTS_EACH);

/** For servers on a database of the test run. */
export const TEST_MASTER_KEY = Buffer.alloc(32, 7).toString('base64');

/** Signs checkpoints in tests. */
export const TEST_CHECKPOINT_KEY = Buffer.alloc(32, 9).toString('base64');

export type ServerOptions = {
  /** Nothing of our own environment reaches the server but PATH and HOME. */
  readonly env?: Readonly<Record<string, string>>;
  /** Arguments of node, relative to the repository. @default ['dist/bin/main.js'] */
  readonly command?: readonly string[];
  /** Where its `.env` is. @default a directory that has none */
  readonly cwd?: string;
  /** Options of node, before those arguments. */
  readonly nodeOptions?: readonly string[];
};

export type RunningServer = {
  readonly url: string;
  readonly port: number;
  readonly dataDir: string;
  readonly process: ChildProcess;
  /** Settles when the process has ended: its exit code, or the signal's name. */
  readonly exit: Promise<number | string>;
  stdout(): string;
  stderr(): string;
  /** @default 'SIGTERM' */
  stop(signal?: NodeJS.Signals): Promise<number | string>;
  kill9(): Promise<void>;
};

/**
 * Starts the built server as its own process and waits until it answers.
 *
 * @throws {Error} It ended before; the message holds all it printed.
 */
export async function startServer(options: ServerOptions = {}): Promise<RunningServer> {
  const server = await spawnServer(options);
  const deadline = Date.now() + HANG_MS;
  let ended: number | string | undefined;
  void server.exit.then((code) => (ended = code));
  while (!(await answers(server.url))) {
    if (ended !== undefined || Date.now() > deadline) {
      await server.kill9();
      throw new Error(
        `The server did not start (${ended ?? 'too slow'}):\n${server.stdout()}\n${server.stderr()}`,
      );
    }
    await delay(POLL_MS);
  }
  return server;
}

/** Starts the built server and does not wait: for starts that are meant to fail. */
export async function spawnServer(options: ServerOptions = {}): Promise<RunningServer> {
  const ownDataDir = options.env?.DATA_DIR ? undefined : makeDataDir();
  const port = Number(options.env?.PORT ?? (await findFreePort()));
  const dataDir = options.env?.DATA_DIR ?? ownDataDir!;
  const env = {
    PATH: process.env.PATH ?? '',
    HOME: process.env.HOME ?? '',
    NODE_COMPILE_CACHE: COMPILE_CACHE,
    PORT: String(port),
    DATA_DIR: dataDir,
    ...(options.env?.DATABASE_URL
      ? { TOOLCRIB_MASTER_KEY: TEST_MASTER_KEY, CHECKPOINT_KEY: TEST_CHECKPOINT_KEY }
      : {}),
    ...options.env,
  };
  const [entry = '', ...rest] = options.command ?? ['dist/bin/main.js'];
  // Not in the repository's directory: a developer's .env must not count.
  const child = spawn(process.execPath, [...(options.nodeOptions ?? []), resolve(ROOT, entry), ...rest], {
    cwd: options.cwd ?? tmpdir(),
    env,
    stdio: 'pipe',
  });
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  const exit = once(child, 'close').then(([code, signal]: (number | string | null)[]) => {
    if (ownDataDir) removeDataDir(ownDataDir);
    return code ?? signal ?? -1;
  });
  return {
    url: `http://127.0.0.1:${port}`,
    port,
    dataDir,
    process: child,
    exit,
    stdout: () => stdout,
    stderr: () => stderr,
    stop: (signal = 'SIGTERM') => {
      child.kill(signal);
      return exit;
    },
    kill9: async () => {
      child.kill('SIGKILL');
      await exit;
    },
  };
}

/** An empty directory that an unprivileged database server may pass through. */
export function makeDataDir(): string {
  const directory = mkdtempSync(join(tmpdir(), 'toolcrib-data-'));
  chmodSync(directory, 0o755);
  return directory;
}

/** Ends a database server that a killed process left behind, and removes everything. */
export function removeDataDir(directory: string): void {
  const postmasterFile = join(directory, 'postgres', 'postmaster.pid');
  if (existsSync(postmasterFile)) {
    const pid = Number(readFileSync(postmasterFile, 'utf8').split('\n')[0]);
    try {
      process.kill(pid, 'SIGQUIT');
    } catch {
      // It is gone already.
    }
  }
  rmSync(directory, { recursive: true, force: true, maxRetries: 20, retryDelay: 50 });
}

/**
 * A port on which nobody listens, below those that the system hands out for outgoing connections and for `listen(0)`: one
 * of these may be taken by a neighbour before our server has it, and a client that tries again and again may even meet itself.
 */
export async function findFreePort(): Promise<number> {
  const worker = Number(process.env.JEST_WORKER_ID ?? 0) % PORT_RANGES;
  for (;;) {
    const port = FIRST_PORT + worker * PORTS_EACH + (portsTried++ % PORTS_EACH);
    const probe = createServer().listen(port, '127.0.0.1');
    const isFree = await once(probe, 'listening').then(
      () => true,
      () => false,
    );
    if (!isFree) continue;
    probe.close();
    await once(probe, 'close');
    return port;
  }
}

/** An HTTP answer, whatever it says: a server that starts tries its port first, and accepts connections for a moment. */
function answers(url: string): Promise<boolean> {
  return fetch(`${url}/health/live`, { signal: AbortSignal.timeout(HANG_MS) }).then(
    () => true,
    () => false,
  );
}
