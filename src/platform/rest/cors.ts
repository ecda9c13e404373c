import type { RequestHandler, Request, Response } from 'express';
import type { Config } from '../config.js';
import { ForbiddenError } from '../errors.js';
import { AllowedSites } from '../network/allowed-sites.js';

const METHODS = 'GET, HEAD, POST, PUT, PATCH, DELETE';
const REQUEST_HEADERS =
  'Authorization, Content-Type, Accept-Language, Idempotency-Key, If-Match, If-None-Match, X-Request-Id';
const EXPOSED_HEADERS = 'ETag, X-Request-Id, Retry-After, Idempotency-Replayed, Content-Language, Allow';
const PREFLIGHT_SECONDS = '600';
const SAFE_METHODS = ['GET', 'HEAD', 'OPTIONS'];

/**
 * Which web pages may call the REST API from a browser (the Fetch standard's CORS): those of `ALLOWED_ORIGINS` and our own.
 * Pages of other origins get no permission to read an answer, and what would change something is refused before it is looked
 * at. Credentials of the browser (cookies) are never taken: a page sends the token itself.
 */
export function cors(config: Config): RequestHandler {
  const sites = new AllowedSites(config);
  return (request, response, next) => {
    response.vary('Origin');
    const { origin } = request.headers;
    if (origin === undefined) return next();
    if (sites.hasOrigin(origin)) {
      response.setHeader('Access-Control-Allow-Origin', origin);
      response.setHeader('Access-Control-Expose-Headers', EXPOSED_HEADERS);
      return isPreflight(request) ? answerPreflight(response) : next();
    }
    if (SAFE_METHODS.includes(request.method) && !isPreflight(request)) return next();
    throw new ForbiddenError('Pages of this origin may not call; see ALLOWED_ORIGINS');
  };
}

function isPreflight(request: Request): boolean {
  return request.method === 'OPTIONS' && request.headers['access-control-request-method'] !== undefined;
}

/** The request it asks for is checked when it comes. */
function answerPreflight(response: Response): void {
  response.setHeader('Access-Control-Allow-Methods', METHODS);
  response.setHeader('Access-Control-Allow-Headers', REQUEST_HEADERS);
  response.setHeader('Access-Control-Max-Age', PREFLIGHT_SECONDS);
  response.status(204).end();
}
