import { QueryFailedError } from 'typeorm';
import { redactText } from '../platform/secrets/redact.js';
import { cutText } from '../platform/cut-text.js';

const ERROR_MAX = 500;
const POSTPONED_MAX_MS = 86_400_000;

/** A failure whose cause said how long it lasts: the next attempt of the plan, if there is one, does not come before that, or a day. */
export class JobPostponedError extends Error {
  readonly waitMs: number;

  constructor(message: string, { waitMs, cause }: { readonly waitMs: number; readonly cause?: unknown }) {
    super(message, { cause });
    this.name = 'JobPostponedError';
    this.waitMs = Math.min(waitMs, POSTPONED_MAX_MS);
  }
}

/**
 * Why an attempt failed, fit to be stored and shown: what looks like a secret is replaced, and of a statement that the database
 * refused only its SQLSTATE and table are told. The log of the service has the rest.
 */
export function explainJobError(error: unknown): string {
  const text = describe(error).replaceAll(/\s+/g, ' ').trim();
  return cutText(redactText(text), ERROR_MAX) || 'It failed without a word';
}

function describe(error: unknown): string {
  if (!(error instanceof Error)) return 'Something that is no error was thrown';
  const driverError = error instanceof QueryFailedError ? (error.driverError as unknown) : error;
  const { message } = error as { readonly message: unknown };
  const { code, table, severity } = driverError as { code?: unknown; table?: string; severity?: string };
  const known = typeof code === 'string' ? code : undefined;
  const isOfDatabase = error instanceof QueryFailedError || severity !== undefined;
  // Node's own errors of a connection to several addresses have no message; foreign ones may have one that is no text.
  if (!isOfDatabase) return typeof message === 'string' && message !== '' ? message : (known ?? '');
  return `The database refused a statement (SQLSTATE ${known ?? 'unknown'}${table ? `, table ${table}` : ''})`;
}
