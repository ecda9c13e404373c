import { setImmediate as nextTurn } from 'node:timers/promises';
import type { INestApplication, Type } from '@nestjs/common';
import { ModulesContainer } from '@nestjs/core';
import { DocumentBuilder, type OpenAPIObject, SwaggerModule } from '@nestjs/swagger';
import { completeOperation } from './openapi-operation.js';
import type { Operation } from './openapi-operation.js';

const DESCRIPTION =
  'Admin REST API. Sign in with POST /api/v1/auth/login and send the access token as Bearer. ' +
  'Every answer has an X-Request-Id. Failures are told in English or Chinese (Accept-Language).';

/**
 * The OpenAPI document of all REST routes. What holds for every route of a kind (failures, headers, examples) is put on here, by
 * what the route says of itself, so that its author cannot forget it. A module at a time: all of them would hold the event loop for
 * a third of a second.
 */
export async function openApiDocument(app: INestApplication): Promise<OpenAPIObject> {
  const options = new DocumentBuilder()
    .setTitle('Toolcrib')
    .setDescription(DESCRIPTION)
    .setVersion('1')
    .addBearerAuth()
    .addSecurityRequirements('bearer')
    .build();
  const parts: OpenAPIObject[] = [];
  for (const module of modulesWithRoutes(app)) {
    await nextTurn();
    const part = SwaggerModule.createDocument(app, options, {
      include: [module],
      operationIdFactory: (controller, method) => `${controller.replace(/Controller$/, '')}_${method}`,
    });
    complete(part);
    parts.push(part);
  }
  return parts.reduce(merged);
}

function modulesWithRoutes(app: INestApplication): Set<Type> {
  const modules = [...app.get(ModulesContainer).values()];
  return new Set(modules.filter(({ controllers }) => controllers.size > 0).map(({ metatype }) => metatype));
}

function complete(document: OpenAPIObject): void {
  const schemas = (document.components?.schemas ?? {}) as Parameters<typeof completeOperation>[2];
  for (const [path, item] of Object.entries(document.paths)) {
    for (const [method, operation] of Object.entries(item)) {
      completeOperation({ path, method }, operation as Operation, schemas);
    }
  }
}

function merged(one: OpenAPIObject, other: OpenAPIObject): OpenAPIObject {
  const paths = { ...one.paths };
  for (const [path, item] of Object.entries(other.paths)) paths[path] = { ...paths[path], ...item };
  const schemas = { ...one.components?.schemas, ...other.components?.schemas };
  return { ...one, paths, components: { ...one.components, schemas } };
}
