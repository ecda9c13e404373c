import 'reflect-metadata';
import { NestFactory } from '@nestjs/core';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { AppModule, ServerModule } from '../app.module.js';
import { configureRest } from '../platform/rest/rest.js';
import type { Config } from '../platform/config.js';
import { McpEndpoint } from '../mcp/mcp-endpoint.js';

/**
 * Builds what serves clients on a database that answers; unless `ROLE` is `server` it works in the background, too. It does not
 * initialise it (the schema may have to change before), and it installs no signal handlers: Nest's re-raise the signal before the
 * embedded database is stopped.
 */
export async function createApp(config: Config): Promise<NestExpressApplication> {
  const module = config.env.ROLE === 'server' ? ServerModule : AppModule;
  const app = await NestFactory.create<NestExpressApplication>(module.forRoot(config), {
    abortOnError: false,
    bodyParser: false,
  });
  configureRest(app, config);
  app.get(McpEndpoint).attach(app.getHttpServer());
  return app;
}
