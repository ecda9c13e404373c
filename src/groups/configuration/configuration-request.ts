import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import type { Request } from 'express';
import { InvalidInputError } from '../../platform/errors.js';
import { listedTags } from '../../platform/rest/preconditions.js';

/** Each costs the YAML parser some microseconds, and everybody waits for it; the command line takes any number. */
const FILE_ENTRIES_MAX = 15_000;
/** What an entry of a file begins or ends with. In a text it counts, too: a comma of a description. */
const ENTRY_SIGNS = new Set('\n\r,[{-?');

/** The file in the body, as it was sent. */
export const FileBody = createParamDecorator((_data: unknown, context: ExecutionContext): string => {
  const body: unknown = context.switchToHttp().getRequest<Request>().body;
  if (typeof body !== 'string' || body.trim() === '')
    throw new InvalidInputError('Send the configuration file as the body');
  requireFewEntries(body);
  return body;
});

/** @throws {InvalidInputError} It would keep the parser too long. */
function requireFewEntries(file: string): void {
  let entries = 0;
  for (let index = 0; index < file.length; index++) {
    if (!isEntrySign(file, index) || ++entries <= FILE_ENTRIES_MAX) continue;
    throw new InvalidInputError(
      `The file has more than ${FILE_ENTRIES_MAX} lines and entries; apply it with toolcrib config apply`,
    );
  }
}

/** A dash or a question mark begins an entry only before a space; in names and words it is one of their characters. */
function isEntrySign(file: string, index: number): boolean {
  const character = file.charAt(index);
  if (!ENTRY_SIGNS.has(character)) return false;
  return (character !== '-' && character !== '?') || ' \t\n\r'.includes(file.charAt(index + 1));
}

/** The tags of the configuration that the caller saw, mostly one, from `If-Match`; undefined when the caller sent none or `*`. */
export const IfMatchTag = createParamDecorator(
  (_data: unknown, context: ExecutionContext): readonly string[] | undefined => {
    const header = context.switchToHttp().getRequest<Request>().headers['if-match']?.trim();
    if (header === undefined || header === '*') return undefined;
    const tags = listedTags(header);
    if (tags) return tags;
    throw new InvalidInputError('If-Match must be the ETag of an export or a diff, with its quotes, or *');
  },
);
