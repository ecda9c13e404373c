import { createParamDecorator, type ExecutionContext, HttpStatus } from '@nestjs/common';
import { ApiHeader, ApiResponse } from '@nestjs/swagger';
import type { Request } from 'express';
import { InvalidInputError, PreconditionFailedError } from '../errors.js';
import { ErrorEnvelopeDto } from './rest.dto.js';

/**
 * `"7"` or `"7.x1Y…"`: the version of one row as `ETag` shows it, with a digest of the answer that does not matter here. Proxies that
 * compress give our tag back as a weak one (nginx, Cloudflare) or with a suffix (Apache, Caddy): see {@link isSameTag}.
 */
const VERSION_TAG = /^(?:W\/)?"(\d{1,9})(?:\.[\w-]{1,80})?"$/;
/** One entity tag of a list (RFC 9110 sections 5.6.1 and 8.8.3). */
const LISTED_TAG = /[\s,]*((?:W\/)?"[!#-~\x80-\xff]{0,200}")[\t ]*(?:,|$)/y;
/** What a proxy that compresses puts behind a tag, inside of its quotes. */
const CODING = /^--?(?:gzip|br|zstd|deflate)"$/;

/**
 * Whether a client's tag is ours, as it came through a proxy that compresses. RFC 9110 lets `If-Match` be met by strong tags only
 * (section 13.1.1), since a weak one does not promise that nothing changed. We send none but strong ones, and they name a state, not
 * bytes: one that comes back weak was weakened on the way, and still names what the client read.
 */
export function isSameTag(theirs: string, ours: string): boolean {
  const strong = theirs.trim().replace(/^W\//, '');
  return (
    strong === ours || (strong.startsWith(ours.slice(0, -1)) && CODING.test(strong.slice(ours.length - 1)))
  );
}

/**
 * Reads the tags of `If-Match`: any of a list may be the present one (RFC 9110 section 13.1.1).
 *
 * @returns Undefined: it is no list of tags, or an empty one.
 */
export function listedTags(header: string): string[] | undefined {
  const tags: string[] = [];
  LISTED_TAG.lastIndex = 0;
  let end = 0;
  for (let found = LISTED_TAG.exec(header); found?.[1] !== undefined; found = LISTED_TAG.exec(header)) {
    tags.push(found[1]);
    end = LISTED_TAG.lastIndex;
  }
  return tags.length > 0 && /^[\s,]*$/.test(header.slice(end)) ? tags : undefined;
}

/** The versions that a client says it has read; any of them may be the row's. */
export type ReadVersions = readonly number[];

/** The ETag of a row's version (RFC 9110 section 8.8.3). */
export function etagOf(version: number, digest?: string): string {
  return digest === undefined ? `"${version}"` : `"${version}.${digest}"`;
}

const readIfMatch = createParamDecorator(
  (_data: unknown, context: ExecutionContext): ReadVersions | undefined => {
    const header = context.switchToHttp().getRequest<Request>().headers['if-match'];
    if (header === undefined || header.trim() === '*') return undefined;
    // A tag that is none of ours matches nothing.
    const versions = (listedTags(header) ?? [])
      .flatMap((tag) => VERSION_TAG.exec(tag)?.[1] ?? [])
      .map(Number);
    if (versions.length === 0)
      throw new InvalidInputError('If-Match must be the ETag of the last answer, e.g. "7", or *');
    return versions;
  },
);

/**
 * The versions that the caller read, mostly one, from `If-Match` (RFC 9110 section 13.1.1); undefined when the caller sent none or `*`.
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
export function requireVersion(row: { readonly version: number }, expected: ReadVersions | undefined): void {
  if (expected === undefined || expected.includes(row.version)) return;
  throw new PreconditionFailedError(
    `This was changed since you read it (version ${expected.join(' or ')}, now ${row.version}). Read it again and repeat your change`,
  );
}
