// What the peers serve: `echo`, and TOOLS - 1 others.
import { z } from 'zod';
import * as catalogue from './catalogue.mjs';

export const toolCount = Number(process.env.TOOLS ?? 1);
export const port = Number(process.env.PORT ?? 4000);
export const echo = catalogue.echo(z);
export const fillers = catalogue.fillers(z, toolCount - 1);
export const textResult = (text) => ({ content: [{ type: 'text', text }] });

/** Registers all of them on an McpServer of either SDK. */
export function registerTools(server, toSchema = (shape) => shape) {
  server.registerTool(
    echo.name,
    { description: echo.description, inputSchema: toSchema(echo.shape) },
    async ({ message }) => textResult(message),
  );
  for (const { name, description, shape } of fillers) {
    server.registerTool(name, { description, inputSchema: toSchema(shape) }, async ({ query }) =>
      textResult(query),
    );
  }
}
