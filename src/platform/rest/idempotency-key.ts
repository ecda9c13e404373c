import type { IncomingMessage } from 'node:http';
import { createParamDecorator, type ExecutionContext } from '@nestjs/common';

/** The header `Idempotency-Key`, bare or in quotes (draft-ietf-httpapi-idempotency-key-header); undefined: not sent. */
export function idempotencyKeyOf(request: IncomingMessage): string | undefined {
  const header = request.headers['idempotency-key'];
  return typeof header === 'string' ? header.trim().replace(/^"(.*)"$/, '$1') : undefined;
}

/** {@link idempotencyKeyOf} as a parameter of a REST route whose work goes by the key itself. */
export const SentIdempotencyKey = createParamDecorator((_data: unknown, context: ExecutionContext) =>
  idempotencyKeyOf(context.switchToHttp().getRequest<IncomingMessage>()),
);
