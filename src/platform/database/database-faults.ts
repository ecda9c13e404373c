import { DatabaseError } from 'pg';
import { QueryFailedError, QueryRunnerAlreadyReleasedError } from 'typeorm';
import { DatabaseUnavailableError } from '../errors.js';

/** What keeps the database from serving, and is the fault neither of the statement nor of who sent it. */
export type DatabaseFault = 'away' | 'read_only' | 'full';

/**
 * Says what the database's failures mean, by SQLSTATE or by Node's code: the only place that does. What is in no line is a fault
 * of ours. A pool drops the connection that met one of them; callers are told to come again, and no tool is blamed.
 *
 * @see PostgreSQL, Appendix A
 */
const FAULTS: readonly (readonly [codes: RegExp, fault: DatabaseFault])[] = [
  // After a fail-over: the session is still one with the server that was the primary.
  [/^25006$/, 'read_only'],
  // Connections of the server, the database or the role; its memory; its disk.
  [/^53/, 'full'],
  // Connection exceptions, also what a pooler says; a server that stops, crashed, starts, or ended the session; its disk fails.
  [/^(08|57P|58030)/, 'away'],
  // A successor that does not know us yet: who we are, the password, the database.
  [/^(28|3D000)/, 'away'],
  [
    /^(ECONNREFUSED|ECONNRESET|ECONNABORTED|ETIMEDOUT|EPIPE|EHOSTUNREACH|EHOSTDOWN|ENETUNREACH|ENETDOWN|EADDRNOTAVAIL)$/,
    'away',
  ],
  [/^(ENOTFOUND|EAI_\w+)$/, 'away'],
  // Its certificate ran out or was changed for one that is not believed.
  [
    /^(CERT_\w+|UNABLE_TO_\w+|DEPTH_ZERO_\w+|SELF_SIGNED_\w+|HOSTNAME_MISMATCH|ERR_(TLS|SSL|OSSL)_\w+)$/,
    'away',
  ],
];

/** A start does not wait for these: they do not pass while nobody does something about them. */
const LASTING = /^(28|3D000|25006|ENOTFOUND|CERT|UNABLE|DEPTH|SELF|HOSTNAME|ERR_)/;

/** What the driver says without a code: the line broke, no answer or no connection came in time. */
const AWAY_WORDS =
  /^(Connection terminated|timeout exceeded when trying to connect|timeout expired|Query read timeout|Client (was closed|has encountered a connection error) and is not queryable|The server does not support SSL connections)/;

const MESSAGES: Readonly<Record<DatabaseFault, string>> = {
  away: 'The database cannot be reached at the moment; try again later',
  read_only: 'The database takes no changes at the moment; try again in a few seconds',
  full: 'The database has no room for more work at the moment; try again in a few seconds',
};

/** Reads an error of the driver. @returns Undefined: the database works, and said no to what it was asked. */
export function faultOf(error: unknown): DatabaseFault | undefined {
  if (error instanceof AggregateError) return faultOf(error.errors[0]); // all addresses of a host were tried
  const { code, message } = (error ?? {}) as { code?: unknown; message?: unknown };
  if (typeof code === 'string') return FAULTS.find(([codes]) => codes.test(code))?.[1];
  return typeof message === 'string' && AWAY_WORDS.test(message) ? 'away' : undefined;
}

/** Whether the server may answer in a moment: it starts, restarts, fails over or is busy. */
export function isPassing(error: unknown): boolean {
  const { code, message } = (error ?? {}) as { code?: string; message?: string };
  return faultOf(error) !== undefined && !LASTING.test(code ?? '') && !/support SSL/.test(message ?? '');
}

/**
 * Turns a failure of the database that is nobody's fault into what callers are told. Errors of the network are only taken for
 * the database's when they come from a statement or a pool: an upstream that refuses connections looks the same.
 *
 * @returns Undefined: it is something else.
 */
export function databaseUnavailability(error: unknown): DatabaseUnavailableError | undefined {
  if (error instanceof DatabaseUnavailableError) return error;
  // The connection of a transaction broke between two of its statements.
  if (error instanceof QueryRunnerAlreadyReleasedError) return unavailable('away', error);
  const failure: unknown = error instanceof QueryFailedError ? error.driverError : error;
  if (failure instanceof DatabaseUnavailableError) return failure;
  if (error !== failure || failure instanceof DatabaseError) {
    const fault = faultOf(failure);
    return fault && unavailable(fault, error);
  }
  return undefined;
}

/**
 * Marks the failure of a connection that could not be had as the database's, where it does not tell itself: what the server says
 * stays as it is, for whoever starts the service with a wrong password.
 */
export function connectFailure(error: Error): Error {
  if (error instanceof DatabaseUnavailableError || error instanceof DatabaseError) return error;
  const fault = faultOf(error);
  return fault ? unavailable(fault, error) : error;
}

function unavailable(fault: DatabaseFault, cause: unknown): DatabaseUnavailableError {
  return new DatabaseUnavailableError(MESSAGES[fault], { cause });
}
