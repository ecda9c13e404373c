import type { Server } from 'node:http';
import type { INestApplicationContext } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { WorkerModule } from '../app.module.js';
import { JobWorker } from '../jobs/job-worker.js';
import { McpEndpoint } from '../mcp/mcp-endpoint.js';
import { LiveGateway } from '../messaging/live/live-gateway.js';
import { createHealthServer } from '../operations/status/health-server.js';
import { HealthService } from '../operations/status/health.service.js';
import type { Config } from '../platform/config.js';
import { createApp } from './app.js';
import { firstStart } from './first-start.js';
import { listen } from './listen.js';
import { welcomeText } from './welcome.js';

/** A process that goes on until it is told to stop. */
export type Service = {
  readonly server: Server;
  /** Before the server is drained: ends what no call is waiting for, and takes no more jobs. */
  readonly beginEnding: () => void;
  /** Once the server is drained. The call log is written out here. */
  readonly close: () => Promise<void>;
};

type BeforeListening = (server: Server) => Promise<void>;

/**
 * Starts what `ROLE` says on a database that answers and has its schema.
 *
 * @param beforeListening Gets the server when it can answer and nobody can reach it yet.
 * @returns It accepts calls.
 * @throws {StartError} The port cannot be had.
 */
export function startService(
  config: Config,
  beforeListening: BeforeListening = async () => undefined,
): Promise<Service> {
  return config.env.ROLE === 'worker'
    ? startWorker(config, beforeListening)
    : startServer(config, beforeListening);
}

/** Ends the streams that no call is waiting on. */
export function endStreams(app: INestApplicationContext): void {
  app.get(McpEndpoint).endStreams();
  app.get(LiveGateway).endAll();
}

/** Takes no more jobs. */
export function endJobs(app: INestApplicationContext): void {
  void app.get(JobWorker).drain();
}

async function startServer(config: Config, beforeListening: BeforeListening): Promise<Service> {
  const app = await createApp(config);
  const server = app.getHttpServer();
  const endings = config.env.ROLE === 'server' ? [endStreams] : [endStreams, endJobs];
  await closedOnFailure(app, async () => {
    await app.init();
    const made = await firstStart(app, config);
    if (made) process.stdout.write(welcomeText(made, config));
    await beforeListening(server);
    await listen(server, config);
  });
  return { server, beginEnding: () => endings.forEach((end) => end(app)), close: () => app.close() };
}

async function startWorker(config: Config, beforeListening: BeforeListening): Promise<Service> {
  const app = await NestFactory.createApplicationContext(WorkerModule.forRoot(config), {
    abortOnError: false,
  });
  const server = createHealthServer(app.get(HealthService));
  await closedOnFailure(app, async () => {
    await beforeListening(server);
    await listen(server, config);
  });
  return { server, beginEnding: () => endJobs(app), close: () => app.close() };
}

async function closedOnFailure(app: INestApplicationContext, work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    await app.close();
    throw error;
  }
}
