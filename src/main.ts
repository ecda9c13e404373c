import './platform/oldest-node.js';
import cluster from 'node:cluster';
import { Logger } from '@nestjs/common';
import { AppLogger } from './platform/logger.js';
import { type Config, ConfigError, loadConfig } from './platform/config.js';
import { StartError } from './platform/errors.js';
import { waitForAddresses } from './platform/network/wait-for-addresses.js';
import { outliveReaders } from './platform/outlive-readers.js';
import { type Running, stopLimitMs } from './boot/running.js';

/** Ctrl-C under npm reaches us twice, from the terminal and from npm; only a later signal is a person's impatience. */
const SAME_SIGNAL_MS = 500;

/** How long a start may go on after a signal, to come to a place where it can be stopped in order. */
const START_GRACE_MS = 5000;

/** What stopping a start that failed may take where the settings are not known. */
const ABANDON_LIMIT_MS = 20_000;

const logger = new Logger('Toolcrib');
let started: Promise<Running> | undefined;
let stopping: Promise<void> | undefined;
let limitMs = ABANDON_LIMIT_MS;
let isServing = false;
let firstSignalAtMs: number | undefined;

outliveReaders();
waitForAddresses();
process.on('uncaughtException', end);
for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.on(signal, () => stopOn(signal));

try {
  const config = loadConfig();
  Logger.overrideLogger(new AppLogger(config.env.LOG_LEVEL));
  limitMs = stopLimitMs(config);
  started = start(config);
  await started;
  isServing = true;
  const startMs = Math.round(performance.now());
  const message = cluster.worker ? `Worker ${cluster.worker.id} serves` : `Serving on ${config.publicUrl}`;
  logger.log({ message, startMs, pid: process.pid, node: process.version });
} catch (error) {
  end(error);
}

async function start(config: Config): Promise<Running> {
  if (cluster.isWorker) return (await import('./boot/workers/member.js')).startMember(config, stop);
  if (config.env.WORKERS > 1) return (await import('./boot/workers/fleet.js')).startFleet(config, end);
  return (await import('./boot/alone.js')).startAlone(config, end);
}

/** Our own handlers: Nest's re-raise the signal before the database could be stopped. */
function stopOn(signal: NodeJS.Signals): void {
  if (firstSignalAtMs !== undefined) {
    if (performance.now() - firstSignalAtMs > SAME_SIGNAL_MS) process.exit(1);
    return;
  }
  firstSignalAtMs = performance.now();
  logger.log(`${signal}: finishing the calls in flight`);
  stop();
}

/** Once: a worker may be told by a signal and by the process that forked it. */
function stop(): void {
  if (!isServing) setTimeout(() => void abandonStart(), START_GRACE_MS).unref();
  stopping ??= started?.then(finish).then(() => process.exit(0), end);
}

async function finish(running: Running): Promise<void> {
  setTimeout(() => process.exit(1), limitMs).unref();
  await running.stop();
}

function end(error: unknown): void {
  const isOperators = error instanceof StartError || error instanceof ConfigError;
  if (isOperators) process.stderr.write(`${error.message}\n`);
  else logger.fatal(error);
  if (isServing) process.exit(1); // the next start adopts the embedded database
  void abandonStart();
}

/** Leaves nothing running. */
async function abandonStart(): Promise<never> {
  setTimeout(() => process.exit(1), limitMs).unref();
  const { abandonInstallation } = await import('./boot/installation.js');
  await abandonInstallation().catch(() => undefined);
  process.exit(1);
}
