import type { NestExpressApplication } from '@nestjs/platform-express';
import type { NextFunction, Request, Response } from 'express';
import helmet from 'helmet';
import type { Config } from '../config.js';
import { ClientAddressReader } from '../network/client-address.js';
import { serveConsole } from './console-serving.js';
import { cors } from './cors.js';
import { ErrorFilter } from './error.filter.js';
import { readBodies } from './body.js';
import { requireKnownMethod } from './methods.js';
import { openApiDocument } from './openapi.js';
import { serveOpenApi } from './openapi-serving.js';
import { requestIdOf, runInScope } from '../request-scope.js';
import { RestValidationPipe } from './validation.js';
import { wellFormedJson } from '../well-formed-json.js';

export { openApiDocument };

/**
 * Everything the REST side has in common: security headers, the JSON body, validation, the error envelope, OpenAPI at
 * `/api/docs` (JSON at `/api/docs-json`). Call it before the application is initialised. The MCP endpoint does not
 * pass here. Controllers write their whole path (`api/v1/…`), so there is no prefix to know about.
 */
export function configureRest(app: NestExpressApplication, config: Config): void {
  app.disable('x-powered-by');
  app.disable('etag'); // ours follow the rows
  app.use(beginScope(new ClientAddressReader(config.env)));
  app.use(mendAnswers);
  // Browsers would rewrite our own assets to https on a plain http installation.
  const upgradeInsecureRequests = config.publicUrl.startsWith('https:') ? [] : null;
  app.use(helmet({ contentSecurityPolicy: { directives: { upgradeInsecureRequests } } }));
  app.use(cors(config));
  app.use(requireKnownMethod);
  serveConsole(app, config);
  readBodies(app);
  app.useGlobalPipes(new RestValidationPipe());
  app.useGlobalFilters(new ErrorFilter());
  serveOpenApi(app, config);
}

/** Every request is a unit of work with an id. */
function beginScope(addresses: ClientAddressReader) {
  return (request: Request, response: Response, next: NextFunction): void => {
    const requestId = requestIdOf(request);
    response.setHeader('X-Request-Id', requestId);
    const userAgent = request.headers['user-agent'] ?? null;
    runInScope({ requestId, tenantId: null, ip: addresses.of(request), userAgent }, next);
  };
}

/** An answer may repeat what a client sent, and that may hold half of a character. */
function mendAnswers(_request: Request, response: Response, next: NextFunction): void {
  response.json = (body: unknown) => {
    if (!response.get('Content-Type')) response.set('Content-Type', 'application/json');
    return response.send(wellFormedJson(body));
  };
  next();
}
