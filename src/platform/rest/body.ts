import { isUtf8 } from 'node:buffer';
import type { IncomingMessage } from 'node:http';
import { HttpException, UnsupportedMediaTypeException } from '@nestjs/common';
import type { NestExpressApplication } from '@nestjs/platform-express';
import express, { type NextFunction, type Request, type Response } from 'express';
import { foreignCharset } from '../body-text.js';
import { shortenText } from '../cut-text.js';
import { InvalidInputError } from '../errors.js';
import { jsonShapeFault } from '../json-shape.js';

const BODY_MAX_BYTES = 1_048_576;
/** Of a route that takes no credential: names, passwords and tokens. */
const PUBLIC_BODY_MAX_BYTES = 8192;
/** Of JSON that validation and services walk through; a list that somebody typed or made has hundreds. */
const BODY_SHAPE = { maxDepth: 64, maxValues: 20_000 };
/** These take a file of the user's own as it is: read as text, so that its problems can be told by line. */
const FILE_ROUTES = ['/api/v1/admin/config/diff', '/api/v1/admin/config/apply'];
const FILE_TYPES = ['application/yaml', 'application/x-yaml', 'text/yaml', 'text/x-yaml', 'application/json'];

const bodyBytes = new WeakMap<IncomingMessage, number>();

/** Reads bodies: JSON, bounded in length, depth and values before it is parsed, and the files of a few routes as text. */
export function readBodies(app: NestExpressApplication): void {
  app.use(refuseForeignCharset);
  app.use(FILE_ROUTES, express.text({ limit: BODY_MAX_BYTES, type: FILE_TYPES, verify: requireUtf8 }));
  app.use(express.json({ limit: BODY_MAX_BYTES, verify: requireModest }));
  app.use(explainBodyError);
  app.use(refuseForeignBody);
}

/**
 * Refuses a body that is too long for a route which anybody may use: what it costs is spent on who has shown nothing yet.
 *
 * @throws {HttpException} 413.
 */
export function requireSmallBody(request: IncomingMessage): void {
  if ((bodyBytes.get(request) ?? 0) > PUBLIC_BODY_MAX_BYTES) throw bodyTooLarge(PUBLIC_BODY_MAX_BYTES);
}

/** Before it is read: what is called something else is not guessed at. */
function refuseForeignCharset(request: Request, _response: Response, next: NextFunction): void {
  const charset = foreignCharset(request.headers['content-type']);
  if (charset !== undefined)
    throw new UnsupportedMediaTypeException(
      `Send the body in UTF-8; charset ${shortenText(charset, 40)} is not read`,
    );
  // The parser knows UTF-8 by one of its names only.
  request.headers['content-type'] &&= request.headers['content-type'].replace(/;\s*charset\s*=[^;]*/i, '');
  next();
}

/** Else U+FFFD would be stored for what was meant. */
function requireUtf8(_request: unknown, _response: unknown, body: Buffer): void {
  if (!isUtf8(body)) throw new Error('The body must be UTF-8');
}

function requireModest(request: IncomingMessage, _response: unknown, body: Buffer): void {
  bodyBytes.set(request, body.length);
  requireUtf8(request, undefined, body);
  const fault = jsonShapeFault(body.toString('latin1'), BODY_SHAPE);
  if (fault !== null) throw new Error(`The body ${fault}`);
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
  if (error instanceof HttpException) return next(error);
  const { type, status, message } = error as { type?: string; status?: number; message: string };
  if (type === 'entity.parse.failed') return next(new InvalidInputError('The body is not valid JSON'));
  if (type === 'entity.verify.failed') return next(new InvalidInputError(message));
  if (type === 'entity.too.large') return next(bodyTooLarge(BODY_MAX_BYTES));
  const isBodyError = typeof status === 'number' && status >= 400 && status < 500;
  next(isBodyError ? new HttpException('The body cannot be read', status) : error);
}

function bodyTooLarge(maxBytes: number): HttpException {
  return new HttpException(`The body is larger than ${maxBytes} bytes`, 413);
}
