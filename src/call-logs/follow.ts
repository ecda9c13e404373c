import type { DataSource, EntityManager, QueryRunner } from 'typeorm';
import { BEGINNING_OF_TIME, END_OF_TIME, type Span } from './search/times.js';
import {
  beginningsOfPartitions,
  PARTITIONS_AT_ONCE,
  type Queryable,
  stretchesOf,
} from './storage/stretches.js';
import { ifLockIsFree } from '../platform/database/advisory-locks.js';

/** The connection of a step; it sees the calls of all tenants. */
export type StepConnection = Pick<QueryRunner, 'query'>;

/** What goes through the call log behind its writer, each at its own pace. */
export type Follower = 'statistics' | 'guide' | 'otlp' | 'syslog';

/** A place in the order in which records were committed. */
export type Position = { readonly recordedIn: string; readonly id: string };

/** Records after one place, up to and with another one. */
export type Stretch = { readonly after: Position; readonly upTo: Position; readonly within: Span };

type NextRecords = Position & { readonly records: number };

/** Every transaction below this number has ended: no record can appear there any more. */
const SETTLED = `(pg_snapshot_xmin(pg_current_snapshot())::text)::bigint`;
const POSITION = `SELECT recorded_in AS "recordedIn", id FROM call_log_positions WHERE follower = $1`;
/** The last of the next so many records. */
const NEXT = `SELECT recorded_in AS "recordedIn", id, records FROM next_call_logs($1, $2, $3)`;
const NEXT_WITHIN = `SELECT recorded_in AS "recordedIn", id, records FROM next_call_logs_within($1, $2, $3, $4, $5, $6, $7)`;
const SETTLED_NOW = `SELECT ${SETTLED}::text AS "recordedIn", '00000000-0000-0000-0000-000000000000' AS id`;
/** A table, its TOAST and its indexes. */
const LOCKS_EACH = 12;
/** Followers, and whoever else reads meanwhile. */
const AT_ONCE = 5;
const ROOM_FOR_LOCKS = `SELECT current_setting('max_locks_per_transaction')::int
  * (current_setting('max_connections')::int + current_setting('max_prepared_transactions')::int) AS room`;
const ADVANCE = `UPDATE call_log_positions SET recorded_in = $4, id = $5, updated_at = now()
  WHERE follower = $1 AND recorded_in = $2 AND id = $3 RETURNING follower`;

/** SQL condition that takes a stretch as its first six parameters: see {@link stretchParameters}. */
export const IN_STRETCH = `(recorded_in, id) > ($1::bigint, $2::uuid) AND (recorded_in, id) <= ($3::bigint, $4::uuid)
  AND created_at >= $5::timestamptz AND created_at < $6::timestamptz`;

export function stretchParameters({ after, upTo, within }: Stretch): unknown[] {
  return [after.recordedIn, after.id, upTo.recordedIn, upTo.id, within.from, within.before];
}

/** What a follower does with a stretch: one of the two. */
export type Step = {
  readonly follower: Follower;
  /** Records of a step at most. */
  readonly limit: number;
  /** Done before the follower moves on; after a crash the same stretch comes again. It may take its time. */
  readonly take?: (connection: StepConnection, stretch: Stretch) => Promise<void>;
  /** Done in the transaction in which the follower moves on: exactly once. It should be short. */
  readonly count?: (connection: StepConnection, stretch: Stretch) => Promise<void>;
};

/**
 * Takes one follower a step on, in the order of commits, so that a record that was committed late is not missed. One replica at
 * a time does it (the others get `false`). No transaction is open while it takes: that would hold up every follower, and
 * whoever makes or drops a partition.
 *
 * @param system The data source that sees all tenants.
 * @returns Whether there was a full step, so that more may be waiting.
 */
export async function follow(system: DataSource, step: Step): Promise<boolean> {
  const lock = { name: 'callLogFollower', of: step.follower } as const;
  return (await ifLockIsFree(system, lock, (holder) => goOn(holder, step))) ?? false;
}

async function goOn(holder: QueryRunner, { follower, limit, take, count }: Step): Promise<boolean> {
  const after = await positionOf(holder, follower);
  const last = await nextRecords(holder, after, limit);
  if (!last) return false;
  const { records, from, before, ...upTo } = last;
  const stretch = { after, upTo, within: { from, before } };
  await take?.(holder, stretch);
  await holder.startTransaction();
  try {
    const places = [after.recordedIn, after.id, upTo.recordedIn, upTo.id];
    const [, moved] = (await holder.query(ADVANCE, [follower, ...places])) as [object[], number];
    // The lock went with its connection, and another replica has gone on.
    if (moved === 0) throw new Error(`The follower ${follower} was moved by another replica`);
    await count?.(holder, stretch);
    await holder.commitTransaction();
  } catch (error) {
    await holder.rollbackTransaction();
    throw error;
  }
  return records === limit || before !== END_OF_TIME || from !== BEGINNING_OF_TIME;
}

/** The next records behind a place, as far as they lie in one stretch of partitions before any lies in another one. */
async function nextRecords(
  holder: QueryRunner,
  after: Position,
  limit: number,
): Promise<(NextRecords & Span) | undefined> {
  const [first, ...others] = await stretchesToFollow(holder);
  if (others.length === 0) {
    const [last] = (await holder.query(NEXT, [after.recordedIn, after.id, limit])) as NextRecords[];
    return last && { ...last, ...first };
  }
  // One bound for all of them: what settles meanwhile may lie where was looked already.
  const [end] = (await holder.query(SETTLED_NOW)) as [Position];
  const begun: (Position & { readonly stretch: Span })[] = [];
  for (const stretch of [first, ...others]) {
    const [next] = await nextWithin(holder, { after, below: end, stretch, limit: 1 });
    if (next) begun.push({ ...next, stretch });
  }
  const [own, other = end] = begun.toSorted(inOrder);
  if (!own) return undefined;
  const [last] = await nextWithin(holder, { after, below: other, stretch: own.stretch, limit });
  return { ...last, ...own.stretch };
}

async function nextWithin(
  holder: QueryRunner,
  { after, below, stretch, limit }: { after: Position; below: Position; stretch: Span; limit: number },
): Promise<NextRecords[]> {
  const places = [after.recordedIn, after.id, below.recordedIn, below.id];
  return (await holder.query(NEXT_WITHIN, [...places, limit, stretch.from, stretch.before])) as NextRecords[];
}

function inOrder(one: Position, other: Position): number {
  const [a, b] = [BigInt(one.recordedIn), BigInt(other.recordedIn)];
  return a === b ? (one.id < other.id ? -1 : 1) : a < b ? -1 : 1;
}

/** All at once, while the server has room for the locks of all partitions several times over; else a few at a time. */
export async function stretchesToFollow(queryable: Queryable): Promise<readonly Span[]> {
  const beginnings = await beginningsOfPartitions(queryable);
  const all = [{ from: BEGINNING_OF_TIME, before: END_OF_TIME }];
  if (beginnings.length <= PARTITIONS_AT_ONCE) return all;
  const [{ room }] = (await queryable.query(ROOM_FOR_LOCKS)) as [{ room: number }];
  return beginnings.length * LOCKS_EACH * AT_ONCE <= room ? all : stretchesOf(beginnings);
}

/** Where a follower is; at the beginning before its first step. */
export async function positionOf(
  queryable: StepConnection | Pick<EntityManager, 'query'>,
  follower: Follower,
): Promise<Position> {
  const [position] = (await queryable.query(POSITION, [follower])) as Position[];
  if (!position) throw new Error(`The schema has no position of the follower ${follower}`);
  return position;
}

/** Lets a follower that was never begun start with what is recorded from now on. */
export async function beginAtPresent(system: DataSource, follower: Follower): Promise<void> {
  await system.query(
    `UPDATE call_log_positions SET recorded_in = ${SETTLED} - 1, updated_at = now() WHERE follower = $1 AND recorded_in < 0`,
    [follower],
  );
}
