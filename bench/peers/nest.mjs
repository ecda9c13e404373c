// @rekog/mcp-nest 2.x in a NestJS application, wired as in its README (decorators applied by hand: no build step).
// MODE=session turns on sessions for 2025-era clients (`statefulMode`); else they are stateless.
import 'reflect-metadata';
import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { Payload } from '@nestjs/microservices';
import { MCP_STRATEGY, McpController, McpStrategy, StreamableHttpTransport, Tool } from '@rekog/mcp-nest';
import { z } from 'zod';
import { echo, fillers, port, textResult } from './tools.mjs';

class EchoController {
  echo({ message }) {
    return textResult(message);
  }
}
const { name, description, shape } = echo;
const method = Object.getOwnPropertyDescriptor(EchoController.prototype, 'echo');
Tool({ name, description, parameters: z.object(shape) })(EchoController.prototype, 'echo', method);
Payload()(EchoController.prototype, 'echo', 0);
McpController()(EchoController);

const mcp = new McpStrategy({
  name: 'mcp-nest',
  version: '1.0.0',
  transports: [new StreamableHttpTransport({ statefulMode: process.env.MODE === 'session' })],
});

class AppModule {}
Module({ controllers: [EchoController], providers: [{ provide: MCP_STRATEGY, useValue: mcp }] })(AppModule);

const app = await NestFactory.create(AppModule, { logger: ['error'] });
mcp.setHttpAdapter(app.getHttpAdapter());
app.connectMicroservice({ strategy: mcp });
await app.startAllMicroservices();
for (const filler of fillers) {
  mcp.registerTool({
    name: filler.name,
    description: filler.description,
    parameters: z.object(filler.shape),
    handler: async ({ query }) => textResult(query),
  });
}
await app.listen(port, '127.0.0.1');
