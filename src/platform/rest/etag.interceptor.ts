import { createHash } from 'node:crypto';
import { type CallHandler, type ExecutionContext, Injectable, type NestInterceptor } from '@nestjs/common';
import type { Request, Response } from 'express';
import { map, type Observable } from 'rxjs';
import { etagOf, isSameTag } from './preconditions.js';

const DIGEST_LENGTH = 12;

/**
 * Gives every answer whose `data` has a version its `ETag`, and answers 304 to who has that already (`If-None-Match`, RFC 9110
 * section 13.1.2). A route gets both by showing `version` (or `row_version`) in its DTO. Answers without one are not to be stored.
 */
@Injectable()
export class EtagInterceptor implements NestInterceptor {
  intercept(context: ExecutionContext, next: CallHandler): Observable<unknown> {
    const http = context.switchToHttp();
    const request = http.getRequest<Request>();
    const response = http.getResponse<Response>();
    return next.handle().pipe(map((body: unknown) => tagged(request, response, body)));
  }
}

function tagged(request: Request, response: Response, body: unknown): unknown {
  if (response.headersSent) return body;
  const etag = etagFor(body);
  response.setHeader('Cache-Control', etag === undefined ? 'no-store' : 'private, no-cache');
  if (etag === undefined) return body;
  response.setHeader('ETag', etag);
  const isRead = request.method === 'GET' || request.method === 'HEAD';
  if (!isRead || !holdsTag(request.headers['if-none-match'], etag)) return body;
  response.status(304);
  return undefined;
}

/**
 * The row's version, which `If-Match` is compared with, and a digest of what is shown: an answer can hold more than its row
 * (a group's number of tools), and a 304 must not hide that this has changed.
 */
function etagFor(body: unknown): string | undefined {
  const data: unknown = (body as { data?: unknown } | null | undefined)?.data;
  if (typeof data !== 'object' || data === null) return undefined;
  const { version, row_version: rowVersion } = data as { version?: unknown; row_version?: unknown };
  const number = [rowVersion, version].find((value) => Number.isInteger(value));
  if (number === undefined) return undefined;
  const digest = createHash('sha256').update(JSON.stringify(data)).digest('base64url');
  return etagOf(number as number, digest.slice(0, DIGEST_LENGTH));
}

/** Says whether a client has the state of a tag: weak comparison, as `If-None-Match` asks for. */
export function holdsTag(header: string | undefined, etag: string): boolean {
  if (header === undefined) return false;
  if (header.trim() === '*') return true;
  return header.split(',').some((tag) => isSameTag(tag, etag));
}
