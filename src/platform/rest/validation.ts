import { type ArgumentMetadata, type Type, ValidationPipe } from '@nestjs/common';
import type { ValidationError } from 'class-validator';
import { shortenText } from '../cut-text.js';
import { InvalidInputError } from '../errors.js';
import { knownFields, plainToDto } from './plain-to-dto.js';

/** One line per wrong field, as `error.details` of a 400 carries them. */
export type FieldProblem = { readonly field: string; readonly message: string };

const JSON_DEPTH_MAX = 64;
/** An answer is no longer for what is more wrong than anybody reads. */
const PROBLEMS_MAX = 50;
const FIELD_TOLD_MAX = 200; // characters
const PRIMITIVES: readonly unknown[] = [String, Boolean, Number, Array, Object, Date];
/** NUL and lone surrogates: Postgres stores neither, in text or in jsonb. */
const UNSTORABLE = /\0|\p{Surrogate}/u;

/** Checks every body, query and path parameter against its DTO; unknown fields are refused, not dropped. */
export class RestValidationPipe extends ValidationPipe {
  constructor() {
    super({
      whitelist: true,
      forbidNonWhitelisted: true,
      transform: true,
      transformerPackage: { plainToInstance: plainToDto, classToPlain: nothingToPlain },
      exceptionFactory: (errors: ValidationError[]) => invalidFields(problemsOf(errors)),
    });
  }

  override transform(value: unknown, metadata: ArgumentMetadata): Promise<unknown> {
    if (metadata.type !== 'custom') {
      requireStorable(value);
      requireBounded(value, metadata.metatype);
    }
    return super.transform(value, metadata) as Promise<unknown>;
  }
}

/** What `transform: false` would ask for. */
function nothingToPlain(): never {
  throw new Error('DTOs are never made plain again');
}

/** The one shape of "these fields are wrong"; told is the beginning of what would be too long to read. */
export function invalidFields(problems: readonly FieldProblem[]): InvalidInputError {
  const details = problems.slice(0, PROBLEMS_MAX).map(cutNames);
  const fields = [...new Set(details.map(({ field }) => field))];
  const more = problems.length > details.length ? ` and ${problems.length - details.length} more` : '';
  return new InvalidInputError(`Wrong input: ${fields.join(', ')}${more}`, { details });
}

function cutNames({ field, message }: FieldProblem): FieldProblem {
  if (field.length <= FIELD_TOLD_MAX) return { field, message };
  const told = shortenText(field, FIELD_TOLD_MAX);
  return { field: told, message: message.replaceAll(field, () => told) };
}

/**
 * Refuses lists that are too long and names that nobody knows before anything is made of them, in nested DTOs, too: a DTO of each member
 * and an error of each name, with all that an error has, cost far more than the body did.
 */
function requireBounded(value: unknown, type: Type | undefined, path = ''): void {
  if (typeof value !== 'object' || value === null || type === undefined || PRIMITIVES.includes(type)) return;
  const known = knownFields(type);
  requireFewUnknown(Object.keys(value), known, path); // the names of a list are its places
  for (const [name, { type: inner, listMax }] of known) {
    const member: unknown = Object.getOwnPropertyDescriptor(value, name)?.value;
    const field = `${path}${name}`;
    if (!Array.isArray(member)) requireBounded(member, inner, `${field}.`);
    else if (member.length <= listMax)
      member.forEach((item, at) => requireBounded(item, inner, `${field}.${at}.`));
    else throw invalidFields([{ field, message: `${name} must contain no more than ${listMax} elements` }]);
  }
}

function requireFewUnknown(
  names: readonly string[],
  known: ReadonlyMap<string, unknown>,
  path: string,
): void {
  if (names.length <= known.size + PROBLEMS_MAX) return;
  const unknown = names.filter((name) => !known.has(name));
  throw invalidFields(
    unknown.map((name) => ({ field: `${path}${name}`, message: `property ${name} should not exist` })),
  );
}

function problemsOf(errors: readonly ValidationError[], path: readonly string[] = []): FieldProblem[] {
  return errors.flatMap((error) => {
    const field = [...path, error.property];
    const own = messagesOf(error).map((message) => ({ field: field.join('.'), message }));
    return [...own, ...problemsOf(error.children ?? [], field)];
  });
}

/** A field that is missing breaks every rule at once, which is one mistake and not as many as it has rules. */
function messagesOf({ property, value, constraints = {} }: ValidationError): string[] {
  const messages = Object.values(constraints);
  if (messages.length < 1 || constraints['whitelistValidation'] !== undefined) return messages;
  if (value === undefined) return [`${property} is required`];
  if (value !== null) return messages;
  const [ofType] = Object.entries(constraints).filter(([rule]) => rule.startsWith('is'));
  return [ofType?.[1] ?? messages[0]];
}

/** Walks without recursion, so that a deeply nested body cannot exhaust the stack here or in what comes after. */
export function requireStorable(root: unknown): void {
  const open: { value: unknown; field: string; depth: number }[] = [{ value: root, field: '', depth: 0 }];
  for (let node = open.pop(); node; node = open.pop()) {
    const { value, field, depth } = node;
    if (typeof value === 'string' && UNSTORABLE.test(value)) {
      throw invalidFields([
        { field, message: 'holds a character that cannot be stored (NUL or half a surrogate pair)' },
      ]);
    }
    if (typeof value !== 'object' || value === null) continue;
    if (depth >= JSON_DEPTH_MAX) {
      throw invalidFields([{ field, message: `is nested deeper than ${JSON_DEPTH_MAX} levels` }]);
    }
    for (const [key, child] of Object.entries(value)) {
      if (UNSTORABLE.test(key)) throw invalidFields([{ field, message: 'has a name that cannot be stored' }]);
      open.push({
        value: child,
        field: depth < 3 ? [field, key].filter(Boolean).join('.') : field,
        depth: depth + 1,
      });
    }
  }
}
