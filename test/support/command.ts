import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { resolve } from 'node:path';
import type { Readable } from 'node:stream';
import { COMPILE_CACHE } from './server.js';

const ROOT = resolve(__dirname, '../..');
const CLI = resolve(ROOT, 'dist/src/cli.js');
const WATCH = resolve(__dirname, 'watch-idling.mjs');

/** What goes on by itself in a command: it looks after a connection as long as there is one, and keeps nothing waiting. */
const REPEATED = [
  'dist/src/platform/database/live-pool.js',
  'dist/src/platform/replicas/change-bus.js',
  'dist/src/platform/replicas/change-connection.js',
];
/** What a command may idle for after its last word, and how long it may take to end where the machine is not busy. */
const IDLE_MAX_MS = 2000;

/** What a process idled for: see `watch-idling.mjs`. */
export type Idling = {
  readonly repeated: readonly string[];
  readonly waited: readonly { readonly delayMs: number; readonly by: string }[];
  readonly isEmpty: boolean;
  readonly closingMs: number;
  readonly slowness: number;
};

export type Ended = {
  readonly code: number | null;
  readonly signal: string | null;
  readonly stdout: string;
  readonly stderr: string;
  /** Undefined where the process was killed. */
  readonly idling: Idling | undefined;
};

type Options = {
  /** All that reaches it, besides PATH. */
  readonly env?: Readonly<Record<string, string>>;
  /** What it is given to read. */
  readonly stdin?: string;
  readonly cwd?: string;
};

/** Starts the built command line, and watches what it idles for. */
export function startCommand(args: readonly string[], options: Options = {}) {
  return startNode([CLI, ...args], options);
}

/** Starts a program of node, and watches what it idles for. */
export function startNode(
  args: readonly string[],
  { env, stdin = '', cwd }: Options = {},
): { readonly child: ChildProcess; readonly ended: Promise<Ended> } {
  const child = spawn(process.execPath, ['--import', WATCH, ...args], {
    env: { PATH: process.env.PATH, NODE_COMPILE_CACHE: COMPILE_CACHE, ...env },
    stdio: ['pipe', 'pipe', 'pipe', 'pipe'],
    cwd,
  });
  child.stdin?.on('error', () => undefined).end(stdin); // it may end without reading
  const texts = child.stdio.slice(1).map((stream) => gather(stream as Readable));
  const ended = once(child, 'close').then(([code, signal]: (number | string | null)[]): Ended => {
    const [stdout, stderr, idling] = texts.map((read) => read());
    return {
      code: code as number | null,
      signal: signal as string | null,
      stdout,
      stderr,
      idling: idling ? (JSON.parse(idling) as Idling) : undefined,
    };
  });
  return { child, ended };
}

function gather(stream: Readable): () => string {
  let text = '';
  stream.setEncoding('utf8').on('data', (more: string) => (text += more));
  return () => text;
}

/** Says what a command began or waited for beside its work; none: it ended with its work. */
export function idlenessOf({ idling }: Pick<Ended, 'idling'>): string[] {
  if (!idling) return ['it was killed'];
  const { repeated, waited, isEmpty, closingMs, slowness } = idling;
  const idleMs = waited.reduce((sum, { delayMs }) => sum + delayMs, 0);
  return [
    ...repeated.filter((by) => !REPEATED.includes(by)).map((by) => `${by} goes on by itself`),
    ...(idleMs > IDLE_MAX_MS ? [`it waited for ${JSON.stringify(waited)}`] : []),
    ...(closingMs > IDLE_MAX_MS * slowness ? [`it took ${closingMs} ms to end`] : []),
    ...(isEmpty ? [] : ['it was ended while something was left to wait for']),
  ];
}
