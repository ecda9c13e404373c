import { Logger } from '@nestjs/common';
import type { DataSource, QueryRunner } from 'typeorm';
import { StartError } from '../errors.js';
import { DatabaseClient } from './database-client.js';
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
  /** Of one start: whether sessions are ones of their own. */
  sessionProbe: 7_210_006,
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
  /** Of one tenant: shared by whoever begins or renews a sign-in, alone by what ends those of many people. */
  tenantSignIns: 7_210_027,
  /** Of one user. */
  personalTokens: 7_210_023,
  /** Of one tenant. */
  tenantExport: 7_210_024,
  /** Of one tenant: all its groups. */
  groups: 7_210_025,
  /** Of one tenant: what it keeps of long results. */
  keptResults: 7_210_026,
  /** Of one tenant: the names of the tools that its sources bring. */
  sourceTools: 7_210_028,
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
  /** Of one tenant: whether its targets are met. */
  automationWatch: 7_210_070,
} as const;

/** Before it is given up: migrations of a large database take longer, and a start that ended is started again. */
const WAIT_SECONDS = 120;
const SAY_AFTER_MS = 2000;
const LOCK_NOT_AVAILABLE = '55P03';
const logger = new Logger('Database');

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

/** Takes a lock for the session. @returns False: another session holds it. */
export async function tryLockSession(session: Queryable, name: AdvisoryLock, of?: string): Promise<boolean> {
  return take(session, 'pg_try_advisory_lock', keyOf(name, of));
}

/** @returns False: the session does not hold it. */
export async function unlockSession(session: Queryable, name: AdvisoryLock, of?: string): Promise<boolean> {
  return take(session, 'pg_advisory_unlock', keyOf(name, of));
}

/**
 * Runs `work` while no other process runs work under the same lock on this database; waits for its turn. The lock has a
 * connection of its own: it neither starves a small pool nor outlives this process.
 *
 * @throws {StartError} Another session has held it for `waitSeconds`; the message says which.
 */
export async function withAdvisoryLock<T>(
  dataSource: DataSource,
  name: AdvisoryLock,
  work: () => Promise<T>,
  { waitSeconds = WAIT_SECONDS }: { readonly waitSeconds?: number | undefined } = {},
): Promise<T> {
  const { url } = dataSource.options as { url?: string };
  const holder = new DatabaseClient({
    connectionString: url,
    application_name: `toolcrib-${name}`,
    ...KEEP_ALIVE,
  });
  holder.on('error', () => undefined); // the work goes on; each step of it is safe to repeat
  await holder.connect();
  try {
    await waitForLock(holder, name, waitSeconds);
    return await work();
  } finally {
    await endLine(holder);
  }
}

/** By tries in between which the session ends by itself when this process is gone, and says now and then for whom it waits. */
async function waitForLock(holder: DatabaseClient, name: AdvisoryLock, waitSeconds: number): Promise<void> {
  const deadline = performance.now() + waitSeconds * 1000;
  let isFirst = true;
  for (;;) {
    const leftMs = Math.max(1, Math.round(deadline - performance.now()));
    await holder.query(`SELECT set_config('lock_timeout', $1, false)`, [`${Math.min(leftMs, SAY_AFTER_MS)}`]);
    try {
      await holder.query('SELECT pg_advisory_lock($1)', [ADVISORY_LOCKS[name]]);
      await holder.query(`SELECT set_config('lock_timeout', '0', false)`);
      return;
    } catch (error) {
      if ((error as { code?: string }).code !== LOCK_NOT_AVAILABLE) throw error;
    }
    const held = await findHolder(holder, name);
    if (performance.now() >= deadline) throw new StartError(heldTooLong(name, held, waitSeconds));
    if (isFirst && held)
      logger.warn({ message: 'Waiting for another process', lock: name, held_by: held.text });
    isFirst = false;
  }
}

type Holder = { readonly pid: number; readonly text: string };

/** Finds the session that holds a lock. */
export async function findHolder(client: DatabaseClient, name: AdvisoryLock): Promise<Holder | undefined> {
  const { rows } = await client.query<Holder>(
    `SELECT l.pid, format('process %s of the database (%s), connected as %s from %s since %s', l.pid,
       coalesce(nullif(a.application_name, ''), 'it does not say what it is'), coalesce(a.usename::text, '?'),
       coalesce(host(a.client_addr), 'its own machine'), coalesce(to_char(a.backend_start, 'YYYY-MM-DD HH24:MI:SS "UTC"'), '?')) AS text
     FROM pg_locks l LEFT JOIN pg_stat_activity a USING (pid)
     WHERE l.locktype = 'advisory' AND l.granted AND l.objsubid = 1 AND l.classid = 0 AND l.objid = $1::bigint::oid
       AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())`,
    [ADVISORY_LOCKS[name]],
  );
  return rows[0];
}

function heldTooLong(name: AdvisoryLock, held: Holder | undefined, waitSeconds: number): string {
  const who = held ? `${held.text} holds` : 'others keep taking';
  const fix = held
    ? `Let it finish; or, where no Toolcrib runs any more, end it as an administrator: SELECT pg_terminate_backend(${held.pid})`
    : 'Start again';
  return `Waited ${waitSeconds} s for the lock '${name}' of the database, which only one start at a time may have: ${who} it. ${fix}`;
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
