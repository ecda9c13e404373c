import './platform/oldest-node.js';
import { Logger } from '@nestjs/common';
import { AppLogger } from './platform/logger.js';
import { type Config, ConfigError, loadConfig } from './platform/config.js';
import { StartError } from './platform/errors.js';
import { openInstallation } from './boot/installation.js';
import { checkPort } from './boot/listen.js';
import { HttpDrain } from './boot/drain-http.js';

/** Ctrl-C under npm reaches us twice, from the terminal and from npm; only a later signal is a person's impatience. */
const SAME_SIGNAL_MS = 500;
/** Beyond SHUTDOWN_GRACE_MS: for the call log to be written and PostgreSQL to stop. */
const SHUTDOWN_EXTRA_MS = 20_000;

/** How long a start may go on after a signal, to come to a place where it can be stopped in order. */
const START_GRACE_MS = 5000;

type Running = { stop(): Promise<void> };

const logger = new Logger('Toolcrib');
let started: Promise<Running> | undefined;
let isServing = false;
let firstSignalAtMs: number | undefined;

process.on('uncaughtException', end);
for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.on(signal, () => stopOn(signal));

try {
  const config = loadConfig();
  Logger.overrideLogger(new AppLogger(config.env.LOG_LEVEL));
  started = start(config);
  await started;
  isServing = true;
} catch (error) {
  end(error);
}

async function start(config: Config): Promise<Running> {
  // PostgreSQL starts while the rest of the code loads.
  const [installation, { startService }, { prepareSchema }] = await Promise.all([
    openInstallation(config, end),
    import('./boot/service.js'),
    import('./boot/database/prepare-schema.js'),
  ]);
  try {
    await checkPort(config); // before the first start prints what it prints only once
    await prepareSchema(installation.config);
    const service = await startService(installation.config);
    const drain = new HttpDrain(service.server);
    const startMs = Math.round(performance.now());
    logger.log({
      message: `Serving on ${config.publicUrl}`,
      startMs,
      pid: process.pid,
      node: process.version,
    });
    return {
      stop: async () => {
        setTimeout(() => process.exit(1), config.env.SHUTDOWN_GRACE_MS + SHUTDOWN_EXTRA_MS).unref();
        service.beginEnding();
        await drain.run(config.env.SHUTDOWN_GRACE_MS);
        await service.close(); // the call log is written out here, so the database goes last
        await installation.close();
      },
    };
  } catch (error) {
    await installation.close();
    throw error;
  }
}

/** Our own handlers: Nest's re-raise the signal before the database could be stopped. */
function stopOn(signal: NodeJS.Signals): void {
  if (firstSignalAtMs !== undefined) {
    if (Date.now() - firstSignalAtMs > SAME_SIGNAL_MS) process.exit(1);
    return;
  }
  firstSignalAtMs = Date.now();
  logger.log(`${signal}: finishing the calls in flight`);
  if (!isServing) setTimeout(() => process.exit(1), START_GRACE_MS).unref();
  void started?.then((running) => running.stop()).then(() => process.exit(0), end);
}

function end(error: unknown): never {
  const isOperators = error instanceof StartError || error instanceof ConfigError;
  if (isOperators) process.stderr.write(`${error.message}\n`);
  else logger.fatal(error);
  process.exit(1);
}
