import { type ArgumentMetadata, ValidationPipe } from '@nestjs/common';
import type { ValidationError } from 'class-validator';
import { InvalidInputError } from '../errors.js';

/** One line per wrong field, as `error.details` of a 400 carries them. */
export type FieldProblem = { readonly field: string; readonly message: string };

const JSON_DEPTH_MAX = 64;
/** NUL and lone surrogates: Postgres stores neither, in text or in jsonb. */
const UNSTORABLE = /\0|\p{Surrogate}/u;

/** Checks every body, query and path parameter against its DTO; unknown fields are refused, not dropped. */
export class RestValidationPipe extends ValidationPipe {
  constructor() {
    super({
      whitelist: true,
      forbidNonWhitelisted: true,
      transform: true,
      exceptionFactory: (errors: ValidationError[]) => invalidFields(problemsOf(errors)),
    });
  }

  override transform(value: unknown, metadata: ArgumentMetadata): Promise<unknown> {
    if (metadata.type !== 'custom') requireStorable(value);
    return super.transform(value, metadata) as Promise<unknown>;
  }
}

/** The one shape of "these fields are wrong". */
export function invalidFields(problems: readonly FieldProblem[]): InvalidInputError {
  const fields = [...new Set(problems.map((problem) => problem.field))];
  return new InvalidInputError(`Wrong input: ${fields.join(', ')}`, { details: problems });
}

function problemsOf(errors: readonly ValidationError[], path: readonly string[] = []): FieldProblem[] {
  return errors.flatMap((error) => {
    const field = [...path, error.property];
    const own = Object.values(error.constraints ?? {}).map((message) => ({
      field: field.join('.'),
      message,
    }));
    return [...own, ...problemsOf(error.children ?? [], field)];
  });
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
