import { createHash } from 'node:crypto';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { type OpenAPIObject, SwaggerModule } from '@nestjs/swagger';
import type { Request, Response } from 'express';
import { stringify } from 'yaml';
import type { Config } from '../config.js';
import { holdsTag } from './etag.interceptor.js';
import { openApiDocument } from './openapi.js';

const PAGE = 'api/docs';
const JSON_PATH = '/api/docs-json';
const YAML_PATH = '/api/docs-yaml';

type Made = { readonly bytes: Buffer; readonly etag: string };

/**
 * Serves the OpenAPI document: a page at `/api/docs`, JSON and YAML beside it. Anybody may ask, so each form is written once, at its
 * first request and in small steps, and sent as bytes from then on.
 */
export function serveOpenApi(app: NestExpressApplication, config: Config): void {
  const document = once(async () => ({ ...(await openApiDocument(app)), servers: serversOf(config) }));
  const json = once(async () => made(JSON.stringify(await document())));
  const yaml = once(async () => made(await writeYaml(await document())));
  // The page reads the document from its own address: written into its script, it would be made a second time.
  const swaggerUrl = `${config.publicPath}${JSON_PATH}`;
  SwaggerModule.setup(PAGE, app, () => undefined as never, { raw: false, swaggerUrl });
  const express = app.getHttpAdapter().getInstance();
  express.get(JSON_PATH, serve('application/json', json));
  express.get(YAML_PATH, serve('text/yaml', yaml));
}

/** As clients reach us; and relative to where the document was read, for who reads it by another of our names. */
function serversOf({ env, publicUrl, publicPath }: Config): { url: string; description: string }[] {
  const here = { url: publicPath || '/', description: 'Where this document was read' };
  return env.PUBLIC_URL === undefined ? [here] : [{ url: publicUrl, description: 'PUBLIC_URL' }, here];
}

function serve(type: string, make: () => Promise<Made>) {
  return async (request: Request, response: Response): Promise<void> => {
    const { bytes, etag } = await make();
    response.setHeader('ETag', etag).setHeader('Cache-Control', 'no-cache').type(type);
    if (holdsTag(request.headers['if-none-match'], etag)) response.status(304).end();
    else response.send(bytes);
  };
}

function made(text: string): Made {
  const bytes = Buffer.from(text);
  return { bytes, etag: `"${createHash('sha256').update(bytes).digest('base64url').slice(0, 32)}"` };
}

/** Entry by entry, since all of it at once would take half a second. */
async function writeYaml({ paths, components = {}, ...rest }: OpenAPIObject): Promise<string> {
  const pieces = [stringify(rest), 'paths:\n'];
  for (const [path, item] of Object.entries(paths)) {
    pieces.push(below(1, stringify({ paths: { [path]: item } }, WRITING)));
    await nextTurn();
  }
  pieces.push('components:\n');
  for (const [kind, entries] of Object.entries(components)) {
    pieces.push(`  ${kind}:\n`);
    for (const [name, entry] of Object.entries(entries as object)) {
      pieces.push(below(2, stringify({ components: { [kind]: { [name]: entry as unknown } } }, WRITING)));
      await nextTurn();
    }
  }
  return pieces.join('');
}

/** An entry that is there twice is written twice: an anchor would refer to another piece. */
const WRITING = { aliasDuplicateObjects: false } as const;

/** Without the lines of what the entry stands in. */
function below(lines: number, yaml: string): string {
  let start = 0;
  for (let line = 0; line < lines; line++) start = yaml.indexOf('\n', start) + 1;
  return yaml.slice(start);
}

function once<T>(make: () => T): () => T {
  let kept: { readonly value: T } | undefined;
  return () => (kept ??= { value: make() }).value;
}
