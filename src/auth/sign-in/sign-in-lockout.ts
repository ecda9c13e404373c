import { Injectable } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { DataSource, type EntityManager } from 'typeorm';
import { TooManyRequestsError } from '../../platform/errors.js';
import { SecretBox } from '../../platform/secrets/secret-box.js';
import { SYSTEM_DATABASE } from '../../platform/database/system-database.js';
import { Config } from '../../platform/config.js';
import { clientOf } from '../../platform/network/client-network.js';
import { delayMinutes } from './lockout-delay.js';

/** Failures that cost nothing, by what is counted. */
const FREE = { pair: 5, account: 50 } as const;
/** An address that an account signed in from within this time is not slowed down by what others do. */
const KNOWN_DAYS = 30;
const FORGET_HOURS = { pair: 24, account: 24, address: 1 } as const;
const STALE_PER_FAILURE = 20;
const HOUR_SECONDS = 3600;
const MINUTE_SECONDS = 60;

/** `rest`: seconds until the count begins anew. */
type Spent = { readonly spent: number; readonly rest: number };

/**
 * Something that is tried with a secret. `accounts` are the ids behind `login`, by address or by username; none for a login that
 * nobody has. What is typed counts, too, without the tenant that is named beside it: else the first delay would come sooner
 * where an account is known than where it is not.
 */
export type Try = { readonly login: string; readonly accounts: readonly string[]; readonly ip: string };

type Kind = keyof typeof FORGET_HOURS;
/** Of one account or of what was typed; an address is counted as a whole. */
type Counter = { readonly kind: Kind; readonly subject: string; readonly key: Buffer };
type Row = {
  key: Buffer;
  failures: number;
  last_at: Date;
  locked_until: Date | null;
  succeeded_at: Date | null;
  now: Date;
};

/**
 * Slows guessing down, over all replicas and restarts: after five failures an account waits 1, 2, 4, 8, then always 15 minutes
 * at one address; the same holds for an account after 50 failures from anywhere, and for an address after
 * `SIGN_IN_FAILURES_PER_ADDRESS` an hour. The last two do not bind a person at an address where they signed in before, so
 * nobody can be locked out for good by others.
 *
 * The secret is checked first and counted after, one at a time: of guesses made together no more come through than of guesses
 * made one by one, and right ones never count.
 */
@Injectable()
export class SignInLockout {
  constructor(
    @InjectDataSource(SYSTEM_DATABASE) private readonly system: DataSource,
    private readonly box: SecretBox,
    private readonly config: Config,
  ) {}

  /** Before the secret is looked at: saves the work where the answer is known. @throws {TooManyRequestsError} */
  async requireOpen(attempt: Try): Promise<void> {
    const counters = this.countersOf(attempt);
    requireUnlocked(counters, await read(this.system.manager, counters));
  }

  /**
   * The secret was right, for some of the accounts; what is counted of others stays. What was typed is forgiven what they were.
   *
   * @throws {TooManyRequestsError} Others failed too often meanwhile; the secret does not count then.
   */
  async recordSuccess(attempt: Try, accounts: readonly string[]): Promise<void> {
    const counters = this.countersOf(attempt);
    await this.system.transaction(async (manager) => {
      const keysOf = (wanted: Kind, subjects: readonly string[]) =>
        counters
          .filter(({ kind, subject }) => kind === wanted && subjects.includes(subject))
          .map(({ key }) => key);
      await lockRows(
        manager,
        counters.filter(({ kind }) => kind !== 'address'),
      );
      const rows = await read(manager, counters);
      requireUnlocked(counters, rows);
      for (const kind of ['pair', 'account'] as const) {
        const own = keysOf(kind, accounts);
        const forgiven = Math.max(
          0,
          ...rows.filter(({ key }) => has(own, key)).map(({ failures }) => failures),
        );
        const typed = keysOf(kind, [attempt.login]).filter((key) => !has(own, key));
        await manager.query(FORGIVE[kind], [typed, forgiven]);
        await manager.query(FORGIVE[kind], [own, FAILURES_MAX]);
      }
    });
  }

  /**
   * The secret was wrong.
   *
   * @returns Whether this failure began a delay for the login at this address.
   * @throws {TooManyRequestsError} It was locked already; nothing is counted.
   */
  async recordFailure(attempt: Try): Promise<boolean> {
    const counters = this.countersOf(attempt);
    return this.system.transaction(async (manager) => {
      await lockRows(manager, counters);
      const rows = await read(manager, counters);
      requireUnlocked(counters, rows);
      let locked = false;
      for (const { kind, key } of counters) {
        const row = rows.find((found) => found.key.equals(key));
        const minutes = delayMinutes(nextCount(row, kind), this.freeOf(kind));
        if (kind === 'pair' && minutes > 0) locked = true;
        await count(manager, { key, failures: nextCount(row, kind), minutes });
      }
      await forgetStale(manager);
      return locked;
    });
  }

  /**
   * Counts something that an address may do only so often, right or wrong: registering, asking for a new password.
   *
   * @throws {TooManyRequestsError} More than `perHour` of them.
   */
  async spend(what: string, ip: string, perHour: number): Promise<void> {
    const { spent, rest } = await this.countSpent(`spend ${what} ${clientOf(ip)}`, HOUR_SECONDS);
    if (spent <= perHour) return;
    throw new TooManyRequestsError(`Too many requests from your address; try again in ${rest} seconds`, rest);
  }

  /**
   * Counts something that a whole tenant may do only so often, whoever does it and from wherever.
   *
   * @throws {TooManyRequestsError} More than `perMinute` of them.
   */
  async spendOfTenant(what: string, tenantId: string, perMinute: number): Promise<void> {
    const { spent, rest } = await this.countSpent(`spend ${what} of ${tenantId}`, MINUTE_SECONDS);
    if (spent <= perMinute) return;
    const message = `Your tenant may do this ${perMinute} times a minute; try again in ${rest} seconds`;
    throw new TooManyRequestsError(message, rest);
  }

  private async countSpent(name: string, periodSeconds: number): Promise<Spent> {
    const [row] = await this.system.query<[Spent]>(
      `INSERT INTO sign_in_attempts AS a (key_hash, failures) VALUES ($1, 1) ON CONFLICT (key_hash) DO UPDATE SET
         failures = CASE WHEN a.since NOT BETWEEN now() - make_interval(secs => $2) AND now() + interval '1 minute' THEN 1 ELSE a.failures + 1 END,
         since = CASE WHEN a.since NOT BETWEEN now() - make_interval(secs => $2) AND now() + interval '1 minute' THEN now() ELSE a.since END, last_at = now()
       RETURNING failures AS spent, greatest(1, ceil(extract(epoch FROM since + make_interval(secs => $2) - now())))::int AS rest`,
      [this.box.digest(name), periodSeconds],
    );
    return row;
  }

  private freeOf(kind: Kind): number {
    return kind === 'address' ? this.config.env.SIGN_IN_FAILURES_PER_ADDRESS : FREE[kind];
  }

  /** In the order of their keys, so that transactions that lock several never wait for each other in a circle. */
  private countersOf({ login, accounts, ip }: Try): Counter[] {
    const network = clientOf(ip);
    const subjects = [...new Set([login, ...accounts])];
    const names: (Omit<Counter, 'key'> & { readonly name: string })[] = [
      { kind: 'address', subject: '', name: network },
      ...subjects.map((subject) => ({ kind: 'pair', subject, name: `${subject} ${network}` }) as const),
      ...subjects.map((subject) => ({ kind: 'account', subject, name: subject }) as const),
    ];
    return names
      .map(({ kind, subject, name }): Counter => ({ kind, subject, key: this.box.digest(`${kind} ${name}`) }))
      .toSorted((a, b) => Buffer.compare(a.key, b.key));
  }
}

const FAILURES_MAX = 2 ** 31 - 1;

/** Takes failures back. Not of an account while an attack on it goes on: its owner coming in would give a new start to it. */
const FORGIVE = {
  pair: `UPDATE sign_in_attempts SET failures = greatest(0, failures - $2), locked_until = NULL, last_at = now(), succeeded_at = now()
    WHERE key_hash = ANY($1)`,
  account: `UPDATE sign_in_attempts SET failures = greatest(0, failures - $2)
    WHERE key_hash = ANY($1) AND failures > 0 AND (locked_until IS NULL OR locked_until < now())`,
} as const;

/** Each account is on its own: that one may come in from an address opens no other one there. */
function requireUnlocked(counters: readonly Counter[], rows: readonly Row[]): void {
  const rowOf = (counter: Counter) => rows.find(({ key }) => key.equals(counter.key));
  const subjects = [...new Set(counters.map(({ subject }) => subject))].filter((subject) => subject !== '');
  const known = subjects.filter((subject) => {
    const pair = counters.find((counter) => counter.kind === 'pair' && counter.subject === subject)!;
    return isKnown(rowOf(pair));
  });
  const binding = counters.filter(({ kind, subject }) => {
    if (kind === 'pair') return true;
    return kind === 'account' ? !known.includes(subject) : known.length < subjects.length;
  });
  const rests = binding.map((counter) => {
    const row = rowOf(counter);
    return row ? (row.locked_until?.getTime() ?? 0) - row.now.getTime() : 0;
  });
  const rest = Math.max(0, ...rests);
  if (rest === 0) return;
  const seconds = Math.ceil(rest / 1000);
  throw new TooManyRequestsError(`Too many failed sign-ins; try again in ${seconds} seconds`, seconds);
}

function isKnown(row: Row | undefined): boolean {
  if (!row?.succeeded_at) return false;
  return row.now.getTime() - row.succeeded_at.getTime() < KNOWN_DAYS * 86_400_000;
}

function has(keys: readonly Buffer[], key: Buffer): boolean {
  return keys.some((one) => one.equals(key));
}

function nextCount(row: Row | undefined, kind: Kind): number {
  if (!row) return 1;
  const idleHours = (row.now.getTime() - row.last_at.getTime()) / 3_600_000;
  return idleHours > FORGET_HOURS[kind] ? 1 : row.failures + 1;
}

/** A lock that is longer than any was set by a clock that was ahead: it is not believed. */
function read(manager: EntityManager, counters: readonly Counter[]): Promise<Row[]> {
  return manager.query<Row[]>(
    `SELECT key_hash AS key, failures, last_at, succeeded_at, clock_timestamp() AS now,
       CASE WHEN locked_until <= clock_timestamp() + interval '16 minutes' THEN locked_until END AS locked_until
     FROM sign_in_attempts WHERE key_hash = ANY($1)`,
    [counters.map(({ key }) => key)],
  );
}

async function lockRows(manager: EntityManager, counters: readonly Counter[]): Promise<void> {
  const keys = counters.map(({ key }) => key);
  await manager.query(
    `INSERT INTO sign_in_attempts (key_hash) SELECT unnest($1::bytea[]) ON CONFLICT (key_hash) DO NOTHING`,
    [keys],
  );
  await manager.query(
    `SELECT 1 FROM sign_in_attempts WHERE key_hash = ANY($1) ORDER BY key_hash FOR UPDATE`,
    [keys],
  );
}

async function count(
  manager: EntityManager,
  next: { readonly key: Buffer; readonly failures: number; readonly minutes: number },
): Promise<void> {
  await manager.query(
    `UPDATE sign_in_attempts SET failures = $2, last_at = clock_timestamp(),
       locked_until = CASE WHEN $3::int > 0 THEN clock_timestamp() + make_interval(mins => $3::int) END
     WHERE key_hash = $1`,
    [next.key, next.failures, next.minutes],
  );
}

/** Keeps the table small without a job of its own: each failure takes some old rows with it. */
async function forgetStale(manager: EntityManager): Promise<void> {
  await manager.query(
    `DELETE FROM sign_in_attempts WHERE key_hash IN (
       SELECT key_hash FROM sign_in_attempts WHERE last_at < trusted_now() - make_interval(days => $1)
       ORDER BY last_at LIMIT $2 FOR UPDATE SKIP LOCKED)`,
    [KNOWN_DAYS, STALE_PER_FAILURE],
  );
}
