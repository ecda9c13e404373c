import { timingSafeEqual } from 'node:crypto';
import { type CallHandler, type ExecutionContext, Injectable, type NestInterceptor } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import type { Request } from 'express';
import { map, type Observable } from 'rxjs';
import { withoutTrailingSlashes } from '../trailing-slashes.js';
import { notACursor } from './paging.js';
import { currentScope } from '../request-scope.js';
import { SecretBox } from '../secrets/secret-box.js';

const SEAL_BYTES = 9;

/** For a list whose cursor is a plain number that clients get in other ways, too: it takes and gives it as it is. */
export const OwnCursor = Reflector.createDecorator<true>();

/**
 * Binds every `next_cursor` to the list that gave it: tenant, path and filters are under a seal that is checked when the cursor
 * comes back. Services neither see it nor have to think of it; they get the cursor as `toPage` made it.
 */
@Injectable()
export class CursorInterceptor implements NestInterceptor {
  constructor(
    private readonly box: SecretBox,
    private readonly reflector: Reflector,
  ) {}

  intercept(context: ExecutionContext, next: CallHandler): Observable<unknown> {
    if (this.reflector.get(OwnCursor, context.getHandler())) return next.handle();
    const request = context.switchToHttp().getRequest<Request>();
    const { cursor } = request.query;
    if (typeof cursor === 'string' && cursor !== '') {
      // Express makes `query` anew on every look unless it is set on the request itself.
      const value = { ...request.query, cursor: this.open(cursor, request) };
      Object.defineProperty(request, 'query', { value, writable: true, configurable: true });
    }
    return next.handle().pipe(map((body: unknown) => this.sealed(body, request)));
  }

  private sealed(body: unknown, request: Request): unknown {
    if (!isPage(body) || body.page.next_cursor === null) return body;
    const cursor = body.page.next_cursor;
    const seal = this.sealOf(cursor, request).toString('base64url');
    return { ...body, page: { ...body.page, next_cursor: `${cursor}.${seal}` } };
  }

  /** @throws {InvalidInputError} Another list's, or none of ours. */
  private open(sealed: string, request: Request): string {
    const [cursor = '', seal = '', ...rest] = sealed.split('.');
    const given = Buffer.from(seal, 'base64url');
    const isOurs =
      rest.length === 0 &&
      given.length === SEAL_BYTES &&
      timingSafeEqual(given, this.sealOf(cursor, request));
    if (!isOurs) throw notACursor();
    return cursor;
  }

  private sealOf(cursor: string, request: Request): Buffer {
    const filters = Object.entries(request.query)
      .filter(([name]) => name !== 'cursor' && name !== 'limit')
      .toSorted(([one], [other]) => (one < other ? -1 : 1));
    const path = withoutTrailingSlashes(request.path.toLowerCase());
    const list = JSON.stringify(['cursor', currentScope()?.tenantId, path, filters, cursor]);
    return this.box.digest(list).subarray(0, SEAL_BYTES);
  }
}

type PageBody = { readonly page: { readonly next_cursor: string | null } };

function isPage(body: unknown): body is PageBody {
  const page: unknown = (body as { page?: unknown } | null | undefined)?.page;
  if (typeof page !== 'object' || page === null) return false;
  const cursor: unknown = (page as { next_cursor?: unknown }).next_cursor;
  return typeof cursor === 'string' || cursor === null;
}
