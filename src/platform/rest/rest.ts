import { HttpException, UnsupportedMediaTypeException } from '@nestjs/common';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { SwaggerModule } from '@nestjs/swagger';
import express, { type NextFunction, type Request, type Response } from 'express';
import helmet from 'helmet';
import type { Config } from '../config.js';
import { compileTrust } from '../network/client-address.js';
import { cors } from './cors.js';
import { ErrorFilter } from './error.filter.js';
import { InvalidInputError } from '../errors.js';
import { requireKnownMethod } from './methods.js';
import { openApiDocument } from './openapi.js';
import { requestIdOf, runInScope } from '../request-scope.js';
import { RestValidationPipe } from './validation.js';
import { wellFormedJson } from '../well-formed-json.js';

export { openApiDocument };

const BODY_MAX_BYTES = 1_048_576;
/** These take a file of the user's own as it is: read as text, so that its problems can be told by line. */
const FILE_ROUTES = ['/api/v1/admin/config/diff', '/api/v1/admin/config/apply'];
const FILE_TYPES = ['application/yaml', 'application/x-yaml', 'text/yaml', 'text/x-yaml', 'application/json'];

/**
 * Everything the REST side has in common: security headers, the JSON body, validation, the error envelope, OpenAPI at
 * `/api/docs` (JSON at `/api/docs-json`). Call it before the application is initialised. The MCP endpoint does not
 * pass here. Controllers write their whole path (`api/v1/…`), so there is no prefix to know about.
 */
export function configureRest(app: NestExpressApplication, config: Config): void {
  app.disable('x-powered-by');
  app.disable('etag'); // ours follow the rows
  const trust = compileTrust(config.env.TRUST_PROXY);
  app.set('trust proxy', trust);
  app.use(beginScope);
  app.use(mendAnswers);
  // Browsers would rewrite our own assets to https on a plain http installation.
  const upgradeInsecureRequests = config.publicUrl.startsWith('https:') ? [] : null;
  app.use(helmet({ contentSecurityPolicy: { directives: { upgradeInsecureRequests } } }));
  app.use(cors(config));
  app.use(requireKnownMethod);
  app.use(FILE_ROUTES, express.text({ limit: BODY_MAX_BYTES, type: FILE_TYPES }));
  app.use(express.json({ limit: BODY_MAX_BYTES }));
  app.use(explainBodyError);
  app.use(refuseForeignBody);
  app.useGlobalPipes(new RestValidationPipe());
  app.useGlobalFilters(new ErrorFilter());
  SwaggerModule.setup('api/docs', app, () => openApiDocument(app), {
    jsonDocumentUrl: 'api/docs-json',
    yamlDocumentUrl: 'api/docs-yaml',
  });
}

/** Every request is a unit of work with an id. */
function beginScope(request: Request, response: Response, next: NextFunction): void {
  const requestId = requestIdOf(request);
  response.setHeader('X-Request-Id', requestId);
  const userAgent = request.headers['user-agent'] ?? null;
  runInScope({ requestId, tenantId: null, ip: request.ip ?? null, userAgent }, next);
}

/** An answer may repeat what a client sent, and that may hold half of a character. */
function mendAnswers(_request: Request, response: Response, next: NextFunction): void {
  response.json = (body: unknown) => {
    if (!response.get('Content-Type')) response.set('Content-Type', 'application/json');
    return response.send(wellFormedJson(body));
  };
  next();
}

/** Without this a form or a plain text would be told as missing fields. */
function refuseForeignBody(request: Request, _response: Response, next: NextFunction): void {
  const hasBody =
    Number(request.headers['content-length']) > 0 || request.headers['transfer-encoding'] !== undefined;
  const isFile = FILE_ROUTES.includes(request.path);
  if (hasBody && !request.is(isFile ? FILE_TYPES : 'application/json')) {
    const wanted = isFile
      ? 'file as YAML, with Content-Type: application/yaml'
      : 'body as JSON, with Content-Type: application/json';
    throw new UnsupportedMediaTypeException(`Send the ${wanted}`);
  }
  next();
}

/** Body-parser's errors, said in our words: its own would repeat pieces of the body. */
function explainBodyError(error: unknown, _request: Request, _response: Response, next: NextFunction): void {
  const { type, status } = error as { type?: string; status?: number };
  if (type === 'entity.parse.failed') return next(new InvalidInputError('The body is not valid JSON'));
  if (type === 'entity.too.large') {
    return next(new HttpException(`The body is larger than ${BODY_MAX_BYTES} bytes`, 413));
  }
  const isBodyError = typeof status === 'number' && status >= 400 && status < 500;
  next(isBodyError ? new HttpException('The body cannot be read', status) : error);
}
