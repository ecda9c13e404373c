import { QueryFailedError } from 'typeorm';

/**
 * The name of the unique constraint that an INSERT or UPDATE ran into, or null when it failed otherwise. It must do without
 * the values: PostgreSQL keeps them to itself where row-level security is on.
 */
export function uniqueViolation(error: unknown): string | null {
  if (!(error instanceof QueryFailedError)) return null;
  const { code, constraint } = error.driverError as { code?: string; constraint?: string };
  return code === '23505' ? (constraint ?? '') : null;
}
