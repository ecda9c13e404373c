import { QueryFailedError } from 'typeorm';

/** The columns of the unique constraint that an INSERT or UPDATE ran into, or null when it failed otherwise. */
export function uniqueViolation(error: unknown): string | null {
  if (!(error instanceof QueryFailedError)) return null;
  const { code, detail } = error.driverError as { code?: string; detail?: string };
  if (code !== '23505') return null;
  return /\(([^)]*)\)=/.exec(detail ?? '')?.[1] ?? '';
}
