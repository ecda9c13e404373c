// The built product with the bench's tools in it: `echo`, and BENCH_TOOLS - 1 others that make lists long. All else is the
// product's own: keys, checks, limits, records. BENCH_LOG=off is this file's doing: no setting of the product turns the
// record off, so that what the record costs can be seen the writer's two methods are replaced here.
import 'reflect-metadata';
import { writeFileSync } from 'node:fs';
import { Session } from 'node:inspector/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { z } from 'zod';
import { AppModule } from '../dist/src/app.module.js';
import { CallLogWriter } from '../dist/src/call-logs/writing/call-log.writer.js';
import { GuideJob } from '../dist/src/call-logs/search/guide-job.js';
import { StatisticsJob } from '../dist/src/call-logs/statistics/statistics-job.js';
import { loadConfig } from '../dist/src/platform/config.js';
import { McpEndpoint } from '../dist/src/mcp/mcp-endpoint.js';
import { McpTool } from '../dist/src/tools/mcp-tool.decorator.js';
import * as catalogue from './peers/catalogue.mjs';

const GIVING_BACK_MS = 1000;

class BenchTools {}
addTool(catalogue.echo(z), ({ message }) => message);
for (const tool of catalogue.fillers(z, Number(process.env.BENCH_TOOLS ?? 1) - 1)) {
  addTool(tool, ({ query }) => query);
}

class BenchModule {}
Module({ providers: [BenchTools] })(BenchModule);

const config = loadConfig();
const app = await NestFactory.create(
  { module: class Root {}, imports: [AppModule.forRoot(config), BenchModule] },
  { logger: ['error', 'warn'], bodyParser: false },
);
app.get(McpEndpoint).attach(app.getHttpServer());
await app.init();
if (process.env.BENCH_LOG === 'off') {
  Object.assign(app.get(CallLogWriter), { admit: () => undefined, record: () => Promise.resolve() });
  // Nor does it do for others what comes after a record: that belongs to what the record costs them.
  await Promise.all([GuideJob, StatisticsJob].map((follower) => app.get(follower).onApplicationShutdown()));
}
if (process.env.BENCH_PROFILE) profileInto(process.env.BENCH_PROFILE);
await app.listen(config.port, config.host);
process.stdout.write('Serving\n');
// Memory that is really held: what full collections leave (needs --expose-gc), and what the process has left when their pages
// were given back, which V8 does in the background.
process.on('message', async () => {
  for (let turn = 0; turn < 2; turn++) {
    globalThis.gc?.();
    await delay(GIVING_BACK_MS);
  }
  const { heapUsed, external, rss } = process.memoryUsage();
  process.send?.({ heldBytes: heapUsed + external, rssBytes: rss });
});
process.channel?.unref();
process.once('SIGTERM', () => void app.close().then(() => process.exit(0)));

function addTool({ name, description, shape }, run) {
  BenchTools.prototype[name] = run;
  const options = { name, description, category: 'bench', version: '1.0.0', input: z.object(shape) };
  const descriptor = Object.getOwnPropertyDescriptor(BenchTools.prototype, name);
  McpTool(options)(BenchTools.prototype, name, descriptor);
}

/** SIGUSR2 begins a CPU profile, a second one ends it and writes the file. */
function profileInto(file) {
  const session = new Session();
  session.connect();
  let isRunning = false;
  process.on('SIGUSR2', async () => {
    isRunning = !isRunning;
    if (isRunning) {
      await session.post('Profiler.enable');
      await session.post('Profiler.start');
    } else {
      const { profile } = await session.post('Profiler.stop');
      writeFileSync(file, JSON.stringify(profile));
    }
  });
}
