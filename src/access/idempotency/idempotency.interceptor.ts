import {
  type CallHandler,
  type ExecutionContext,
  Injectable,
  type NestInterceptor,
  StreamableFile,
} from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import type { Request, Response } from 'express';
import { from, lastValueFrom, type Observable, of } from 'rxjs';
import { Access, SecretShown } from '../access.js';
import type { UserCaller } from '../caller.js';
import { InvalidInputError } from '../../platform/errors.js';
import { currentScope } from '../../platform/request-scope.js';
import { type Attempt, IdempotencyService } from './idempotency.service.js';

/** Bare, or in quotes as the draft has it. */
const KEY = /^"?([\x21\x23-\x7e]{1,255})"?$/;

const NO_KEY =
  'This route shows a secret, so it takes no Idempotency-Key: an answer that is kept could be shown again off the record';

/**
 * Honours `Idempotency-Key` (draft-ietf-httpapi-idempotency-key-header) on every POST of someone who is signed in: a repeated
 * request gets the answer of the first one and changes nothing. A route does nothing for it, unless it shows a secret: that one
 * takes no such key. The other methods are idempotent
 * by themselves, and signing in must not be answered from a store.
 */
@Injectable()
export class IdempotencyInterceptor implements NestInterceptor {
  constructor(
    private readonly reflector: Reflector,
    private readonly idempotency: IdempotencyService,
  ) {}

  async intercept(context: ExecutionContext, next: CallHandler): Promise<Observable<unknown>> {
    const request = context.switchToHttp().getRequest<Request>();
    const response = context.switchToHttp().getResponse<Response>();
    const header = request.headers['idempotency-key'];
    const rule = this.reflector.getAllAndOverride(Access, [context.getHandler(), context.getClass()]);
    if (request.method !== 'POST' || header === undefined || rule === 'public') return next.handle();
    if (this.reflector.getAllAndOverride(SecretShown, [context.getHandler(), context.getClass()]))
      throw new InvalidInputError(NO_KEY);
    const caller = request.user as UserCaller;
    const claim = await this.idempotency.claim(caller, {
      key: keyOf(header),
      // With what the caller's token may do: a narrower token of the same person must not get what a wider one was shown.
      operation: `POST ${request.path} ${caller.scopes?.toSorted().join(' ') ?? 'all'}`,
      content: JSON.stringify([request.query, request.body]),
    });
    if ('answer' in claim) {
      response.setHeader('Idempotency-Replayed', 'true');
      response.status(claim.answer.status);
      return of(claim.answer.body);
    }
    // A promise goes on when the client hangs up, and that is when a client comes back with the same key.
    return from(this.run({ id: claim.attemptId, tenantId: caller.tenantId }, next, response));
  }

  private async run(attempt: Attempt, next: CallHandler, response: Response): Promise<unknown> {
    const scope = currentScope();
    if (scope?.tenantId) scope.attempt = attempt;
    let body: unknown;
    try {
      body = await lastValueFrom(next.handle(), { defaultValue: undefined });
    } catch (error) {
      await this.idempotency.release(attempt.id);
      throw error;
    }
    if (body instanceof StreamableFile) await this.idempotency.release(attempt.id);
    else await this.idempotency.finish(attempt, { status: response.statusCode, body });
    return body;
  }
}

function keyOf(header: string | string[]): string {
  const key = typeof header === 'string' ? KEY.exec(header.trim())?.[1] : undefined;
  if (key !== undefined) return key;
  throw new InvalidInputError(
    'Idempotency-Key must be 1 to 255 visible ASCII characters, for instance a UUID',
  );
}
