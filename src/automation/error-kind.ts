import { AppError } from '../platform/errors.js';
import { QueryFailedError } from 'typeorm';

const KIND_MAX = 64;

/** The name under which failures of steps are counted: `database`, the code of one of our errors, or the name of the class. */
export function errorKindOf(error: unknown): string {
  if (error instanceof AppError) return error.code;
  if (!(error instanceof Error)) return 'unknown';
  if (error instanceof QueryFailedError || 'severity' in error) return 'database';
  return (
    error.name
      .replace(/Error$/, '')
      .replaceAll(/([a-z])([A-Z])/g, '$1_$2')
      .toLowerCase()
      .slice(0, KIND_MAX) || 'error'
  );
}
