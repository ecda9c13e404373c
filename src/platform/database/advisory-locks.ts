import { Client } from 'pg';
import type { DataSource, QueryRunner } from 'typeorm';
import { endLine, KEEP_ALIVE } from './line.js';

/**
 * Names every advisory lock of the service, so that no two features share a number by accident. A lock is of the whole
 * installation, or of one thing in it (`of`: mostly a tenant). Never give a number to something else: replicas of the version
 * before would hold up, or not hear of, the wrong work.
 */
export const ADVISORY_LOCKS = {
  migrate: 7_210_001,
  firstStart: 7_210_002,
  callLogHousekeeping: 7_210_003,
  /** Taken in the schema's own functions: partitions are made and dropped one at a time. */
  callLogPartitions: 7_210_004,
  /** Shared by whoever reads one moment of the call log in many transactions: partitions stay meanwhile. */
  callLogReading: 7_210_005,
  /** Of one follower. */
  callLogFollower: 7_210_011,
  /** Of `toolcrib doctor --isolation`: its tenants are removed by whoever holds it. */
  isolationCheck: 7_210_012,
  guideMarking: 7_210_015,
  /** Of one tenant: its next checkpoint. */
  checkpoint: 7_210_016,
  /** Of one target. */
  checkpointDelivery: 7_210_017,
  /** Of one tenant: who its owners are. */
  owners: 7_210_021,
  /** Of one user. */
  signIns: 7_210_022,
  /** Of one user. */
  personalTokens: 7_210_023,
  /** Of one tenant. */
  tenantExport: 7_210_024,
  /** Of one tenant: all its groups. */
  groups: 7_210_025,
  /** Of one tenant: what it keeps of long results. */
  keptResults: 7_210_026,
  /** Taken in the schema's own functions: jobs are claimed one replica at a time. */
  jobClaims: 7_210_031,
  /** Secrets at rest are sealed anew, bound to where they lie. */
  bindSecrets: 7_210_040,
  /** Of one tenant: its connections are counted one at a time. */
  livePresence: 7_210_060,
  /** Of one tenant: customers who are offered to one consultant alone. */
  consultantTurns: 7_210_061,
  /** Of one consultant: the claims they make. */
  consultantClaims: 7_210_062,
} as const;

export type AdvisoryLock = keyof typeof ADVISORY_LOCKS;

/** An EntityManager or a QueryRunner: what holds a transaction. */
type Queryable = { query(sql: string, parameters?: unknown[]): Promise<unknown> };

/** Waits for a lock, and holds it until the transaction ends. */
export async function lock(transaction: Queryable, name: AdvisoryLock, of?: string): Promise<void> {
  await take(transaction, 'pg_advisory_xact_lock', keyOf(name, of));
}

/** Waits until nobody holds the lock with {@link lock}, and holds that off until the transaction ends. */
export async function lockShared(transaction: Queryable, name: AdvisoryLock, of?: string): Promise<void> {
  await take(transaction, 'pg_advisory_xact_lock_shared', keyOf(name, of));
}

/** As {@link lockShared}, until the connection ends. */
export async function holdShared(connection: Queryable, name: AdvisoryLock): Promise<void> {
  await take(connection, 'pg_advisory_lock_shared', keyOf(name));
}

/** Takes a lock until the transaction ends. @returns False: somebody else holds it. */
export async function tryLock(transaction: Queryable, name: AdvisoryLock, of?: string): Promise<boolean> {
  return take(transaction, 'pg_try_advisory_xact_lock', keyOf(name, of));
}

/**
 * Runs work on the one connection that holds a lock, without a transaction: an open one would hold up whoever follows the log.
 *
 * @returns What the work gave; undefined: another replica is at it.
 */
export async function ifLockIsFree<T>(
  dataSource: DataSource,
  { name, of }: { readonly name: AdvisoryLock; readonly of?: string },
  work: (holder: QueryRunner) => Promise<T>,
): Promise<T | undefined> {
  const holder = dataSource.createQueryRunner();
  const key = keyOf(name, of);
  try {
    if (!(await take(holder, 'pg_try_advisory_lock', key))) return undefined;
    try {
      return await work(holder);
    } finally {
      await take(holder, 'pg_advisory_unlock', key);
    }
  } finally {
    await holder.release();
  }
}

/**
 * Runs `work` while no other process runs work under the same lock on this database; waits for its turn. The lock has a
 * connection of its own: it neither starves a small pool nor outlives this process.
 */
export async function withAdvisoryLock<T>(
  dataSource: DataSource,
  name: AdvisoryLock,
  work: () => Promise<T>,
): Promise<T> {
  const { url } = dataSource.options as { url?: string };
  const holder = new Client({ connectionString: url, application_name: `toolcrib-${name}`, ...KEEP_ALIVE });
  holder.on('error', () => undefined); // the work goes on; each step of it is safe to repeat
  await holder.connect();
  try {
    await holder.query('SELECT pg_advisory_lock($1)', [ADVISORY_LOCKS[name]]);
    return await work();
  } finally {
    await endLine(holder);
  }
}

type Key = { readonly sql: string; readonly parameters: readonly unknown[] };

function keyOf(name: AdvisoryLock, of?: string): Key {
  const number = ADVISORY_LOCKS[name];
  if (of === undefined) return { sql: '$1', parameters: [number] };
  return { sql: '$1, hashtext($2)', parameters: [number, of] };
}

/** @returns What the function says; true of one that says nothing. */
async function take(queryable: Queryable, does: string, { sql, parameters }: Key): Promise<boolean> {
  const rows = await queryable.query(`SELECT ${does}(${sql}) AS done`, [...parameters]);
  return (rows as [{ done: unknown }])[0].done !== false;
}
