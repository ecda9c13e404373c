import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import type { Request } from 'express';
import { InvalidInputError, PreconditionFailedError } from './errors.js';

/** `"7"`: the version of one row as `ETag` shows it. Weak ones (`W/…`) are refused: they do not promise equality. */
const VERSION_TAG = /^"(\d{1,9})"$/;

/** The ETag of a row's version (RFC 9110 section 8.8.3). */
export function etagOf(version: number): string {
  return `"${version}"`;
}

/**
 * The version that the caller read, from `If-Match` (RFC 9110 section 13.1.1); undefined when the caller sent none or `*`.
 * Give it to {@link requireVersion} once the row is locked.
 */
export const IfMatch = createParamDecorator(
  (_data: unknown, context: ExecutionContext): number | undefined => {
    const header = context.switchToHttp().getRequest<Request>().headers['if-match'];
    if (header === undefined || header.trim() === '*') return undefined;
    const version = VERSION_TAG.exec(header.trim())?.[1];
    if (version === undefined) {
      throw new InvalidInputError('If-Match must be the ETag of the last answer, e.g. "7", or *');
    }
    return Number(version);
  },
);

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
