import type { DataSource, EntityManager } from 'typeorm';

/** What goes through the call log behind its writer, each at its own pace. */
export type Follower = 'statistics' | 'guide' | 'otlp' | 'syslog';

/** A place in the order in which records were committed. */
export type Position = { readonly recordedIn: string; readonly id: string };

/** Records after one place, up to and with another one. */
export type Stretch = { readonly after: Position; readonly upTo: Position; readonly count: number };

const LOCKS: Readonly<Record<Follower, number>> = {
  statistics: 7_210_011,
  guide: 7_210_012,
  otlp: 7_210_013,
  syslog: 7_210_014,
};

/** Every transaction below this number has ended: no record can appear there any more. */
const SETTLED = `(pg_snapshot_xmin(pg_current_snapshot())::text)::bigint`;
const POSITION = `SELECT recorded_in AS "recordedIn", id FROM call_log_positions WHERE follower = $1`;
const NEXT = `SELECT recorded_in AS "recordedIn", id FROM mcp_call_logs
  WHERE (recorded_in, id) > ($1::bigint, $2::uuid) AND recorded_in < ${SETTLED} ORDER BY recorded_in, id LIMIT $3`;
const ADVANCE = `UPDATE call_log_positions SET recorded_in = $2, id = $3, updated_at = now() WHERE follower = $1`;

/** SQL condition that takes a stretch as its first four parameters: see {@link stretchParameters}. */
export const IN_STRETCH = `(recorded_in, id) > ($1::bigint, $2::uuid) AND (recorded_in, id) <= ($3::bigint, $4::uuid)`;

export function stretchParameters({ after, upTo }: Stretch): string[] {
  return [after.recordedIn, after.id, upTo.recordedIn, upTo.id];
}

/**
 * Takes one follower a step on, in the order of commits, so that a record that was committed late is neither missed nor taken
 * twice. One replica at a time does it (the others get `false`). What `take` does through the manager and the step itself
 * are one transaction: a crash leaves both undone.
 *
 * The transaction must write nothing before `take` is done with what may last: while it has a number of its own, no follower
 * gets past it.
 *
 * @param system The data source that sees all tenants.
 * @param limit Records of a step at most.
 * @returns Whether there was a full step, so that more may be waiting.
 */
export async function follow(
  system: DataSource,
  { follower, limit }: { readonly follower: Follower; readonly limit: number },
  take: (manager: EntityManager, stretch: Stretch) => Promise<void>,
): Promise<boolean> {
  return system.transaction(async (manager) => {
    const [{ locked }] = await manager.query<[{ locked: boolean }]>(
      'SELECT pg_try_advisory_xact_lock($1) AS locked',
      [LOCKS[follower]],
    );
    if (!locked) return false;
    const after = await positionOf(manager, follower);
    const records = await manager.query<Position[]>(NEXT, [after.recordedIn, after.id, limit]);
    const upTo = records.at(-1);
    if (!upTo) return false;
    await take(manager, { after, upTo, count: records.length });
    await manager.query(ADVANCE, [follower, upTo.recordedIn, upTo.id]);
    return records.length === limit;
  });
}

/** Where a follower is; at the beginning before its first step. */
export async function positionOf(
  queryable: Pick<EntityManager, 'query'>,
  follower: Follower,
): Promise<Position> {
  const [position] = await queryable.query<Position[]>(POSITION, [follower]);
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
