import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import type { Request } from 'express';
import { InvalidInputError } from '../../platform/errors.js';

const TAG = /^"[\w-]{1,64}"$/;

/** The file in the body, as it was sent. */
export const FileBody = createParamDecorator((_data: unknown, context: ExecutionContext): string => {
  const body: unknown = context.switchToHttp().getRequest<Request>().body;
  if (typeof body === 'string' && body.trim() !== '') return body;
  throw new InvalidInputError('Send the configuration file as the body');
});

/** The tag of the configuration that the caller saw, from `If-Match`; undefined when the caller sent none or `*`. */
export const IfMatchTag = createParamDecorator(
  (_data: unknown, context: ExecutionContext): string | undefined => {
    const header = context.switchToHttp().getRequest<Request>().headers['if-match']?.trim();
    if (header === undefined || header === '*') return undefined;
    if (TAG.test(header)) return header;
    throw new InvalidInputError('If-Match must be the ETag of an export or a diff, with its quotes, or *');
  },
);
