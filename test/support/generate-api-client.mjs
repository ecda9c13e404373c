// Writes generated/api.d.ts: the types of the REST API, for openapi-fetch. From the service at the given address, else from
// the build in dist/, without a database: `npm run api:client [-- http://localhost:8000]`.
import { mkdirSync, writeFileSync } from 'node:fs';
import openapiTS, { astToString } from 'openapi-typescript';

const OUTPUT = new URL('../../generated/', import.meta.url);
const HEADER = '// Made by `npm run api:client` from the OpenAPI document. Do not edit.\n\n';

const dist = (path) => import(new URL(`../../dist/src/${path}`, import.meta.url).href);

/** Nest's preview mode reads the controllers and makes no instance of anything, so no database is needed. */
async function documentOfBuild() {
  await import('reflect-metadata');
  const { NestFactory } = await import('@nestjs/core');
  const [{ AppModule }, { loadConfig }, { openApiDocument }] = await Promise.all([
    dist('app.module.js'),
    dist('platform/config.js'),
    dist('platform/rest/openapi.js'),
  ]);
  const settings = {
    DATABASE_URL: 'postgres://nobody@localhost/none',
    TOOLCRIB_MASTER_KEY: Buffer.alloc(32).toString('base64'),
  };
  const app = await NestFactory.create(AppModule.forRoot(loadConfig(settings)), {
    preview: true,
    logger: false,
  });
  return openApiDocument(app);
}

async function documentOf(url) {
  const response = await fetch(new URL('/api/docs-json', url));
  if (!response.ok) throw new Error(`${url} answers ${response.status}`);
  return response.json();
}

const url = process.argv[2];
const document = url ? await documentOf(url) : await documentOfBuild();
mkdirSync(OUTPUT, { recursive: true });
writeFileSync(
  new URL('api.d.ts', OUTPUT),
  HEADER + astToString(await openapiTS(document, { defaultNonNullable: false })),
);
