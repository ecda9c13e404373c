import { createParamDecorator, type ExecutionContext, HttpStatus } from '@nestjs/common';
import { ApiHeader, ApiResponse } from '@nestjs/swagger';
import type { Request } from 'express';
import { InvalidInputError, PreconditionFailedError } from '../errors.js';
import { ErrorEnvelopeDto } from './rest.dto.js';

/**
 * `"7"` or `"7.x1Y…"`: the version of one row as `ETag` shows it, with a digest of the answer that does not matter here. Weak
 * ones (`W/…`) are refused: they do not promise equality.
 */
const VERSION_TAG = /^"(\d{1,9})(?:\.[\w-]{1,64})?"$/;

/** The ETag of a row's version (RFC 9110 section 8.8.3). */
export function etagOf(version: number, digest?: string): string {
  return digest === undefined ? `"${version}"` : `"${version}.${digest}"`;
}

const readIfMatch = createParamDecorator((_data: unknown, context: ExecutionContext): number | undefined => {
  const header = context.switchToHttp().getRequest<Request>().headers['if-match'];
  if (header === undefined || header.trim() === '*') return undefined;
  const version = VERSION_TAG.exec(header.trim())?.[1];
  if (version === undefined) {
    throw new InvalidInputError('If-Match must be the ETag of the last answer, e.g. "7", or *');
  }
  return Number(version);
});

/**
 * The version that the caller read, from `If-Match` (RFC 9110 section 13.1.1); undefined when the caller sent none or `*`.
 * Give it to {@link requireVersion} once the row is locked. It also puts the header and the 412 into the OpenAPI document.
 */
export function IfMatch(): ParameterDecorator {
  return (target, method, index) => {
    readIfMatch()(target, method, index);
    if (method === undefined) return;
    const descriptor = Object.getOwnPropertyDescriptor(target, method);
    if (!descriptor) return;
    const header = ApiHeader({
      name: 'If-Match',
      required: false,
      description:
        'ETag of the answer that you read: 412 when somebody changed it since. Without it the last one wins',
      schema: { type: 'string', example: '"7.Zk3x9Qw1LmNo"' },
    }) as MethodDecorator;
    header(target, method, descriptor);
    ApiResponse({ status: HttpStatus.PRECONDITION_FAILED, type: ErrorEnvelopeDto })(
      target,
      method,
      descriptor,
    );
  };
}

/**
 * @param row Read and locked in the transaction that changes it.
 * @throws {PreconditionFailedError} Someone changed it since the caller read it.
 */
export function requireVersion(row: { readonly version: number }, expected: number | undefined): void {
  if (expected === undefined || row.version === expected) return;
  throw new PreconditionFailedError(
    `This was changed since you read it (version ${expected}, now ${row.version}). Read it again and repeat your change`,
  );
}
