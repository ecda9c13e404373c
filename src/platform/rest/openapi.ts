import type { INestApplication } from '@nestjs/common';
import { DocumentBuilder, type OpenAPIObject, SwaggerModule } from '@nestjs/swagger';
import { completeOperation } from './openapi-operation.js';
import type { Operation } from './openapi-operation.js';

const DESCRIPTION =
  'Admin REST API. Sign in with POST /api/v1/auth/login and send the access token as Bearer. ' +
  'Every answer has an X-Request-Id. Failures are told in English or Chinese (Accept-Language).';

/**
 * The OpenAPI document of all REST routes. What holds for every route of a kind (failures, headers, examples) is put on here, by
 * what the route says of itself, so that its author cannot forget it.
 */
export function openApiDocument(app: INestApplication): OpenAPIObject {
  const options = new DocumentBuilder()
    .setTitle('Toolcrib')
    .setDescription(DESCRIPTION)
    .setVersion('1')
    .addBearerAuth()
    .addSecurityRequirements('bearer')
    .build();
  const document = SwaggerModule.createDocument(app, options, {
    operationIdFactory: (controller, method) => `${controller.replace(/Controller$/, '')}_${method}`,
  });
  const schemas = (document.components?.schemas ?? {}) as Parameters<typeof completeOperation>[2];
  for (const [path, item] of Object.entries(document.paths)) {
    for (const [method, operation] of Object.entries(item)) {
      completeOperation({ path, method }, operation as Operation, schemas);
    }
  }
  return document;
}
