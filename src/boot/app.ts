import 'reflect-metadata';
import { NestFactory } from '@nestjs/core';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { AppModule } from '../app.module.js';
import { configureRest } from '../platform/rest/rest.js';
import type { Config } from '../platform/config.js';
import { McpEndpoint } from '../mcp/mcp-endpoint.js';

/**
 * Builds the service on a database that answers. It does not initialise it (the schema may have to change before), and
 * it installs no signal handlers: Nest's re-raise the signal before the embedded database is stopped.
 */
export async function createApp(config: Config): Promise<NestExpressApplication> {
  const app = await NestFactory.create<NestExpressApplication>(AppModule.forRoot(config), {
    abortOnError: false,
    bodyParser: false,
  });
  configureRest(app, config);
  app.get(McpEndpoint).attach(app.getHttpServer());
  return app;
}
