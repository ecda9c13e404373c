import { type Check, ok, problem, warning } from './check.js';
import type { Connection } from './role-connections.js';

/** Statements over the whole log that may run at once. */
const AT_ONCE = 4;

const PARTITIONS = `SELECT (SELECT count(*)::int FROM pg_inherits WHERE inhparent = 'mcp_call_logs'::regclass) AS partitions,
  2 + (SELECT count(*)::int FROM pg_index WHERE indrelid = 'mcp_call_logs'::regclass) AS each,
  current_setting('max_locks_per_transaction')::int
    * (current_setting('max_connections')::int + current_setting('max_prepared_transactions')::int) AS room`;

/** Whether the server has room for the locks of a statement that somebody runs over the whole call log. */
export async function checkPartitions(owner: Connection): Promise<Check> {
  const name = 'partitions';
  type Facts = { readonly partitions: number; readonly each: number; readonly room: number };
  const [{ partitions, each, room }] = await owner.query<[Facts]>(PARTITIONS);
  const locks = partitions * each;
  const message = `${partitions} of the call log; a statement over all of them takes ${locks} of ${room} locks`;
  if (locks * AT_ONCE <= room) return ok(name, message);
  const times = Math.ceil((locks * AT_ONCE) / room);
  return warning(
    name,
    message,
    `The service goes through them a few at a time; for SQL of your own and pg_dump set max_locks_per_transaction ${times} times as high`,
  );
}

const MARK = `SELECT database_clock() AS now, reached_at AS "reachedAt", database_clock() > reached_at + leap_max AS "isAhead"
  FROM clock_mark`;

/** Whether the database's clock goes on from where it was known to be. */
export async function checkClockMark(owner: Connection): Promise<Check> {
  const name = 'clock of the database';
  type Mark = { readonly now: Date; readonly reachedAt: Date; readonly isAhead: boolean };
  const [mark] = await owner.query<Mark[]>(MARK);
  if (!mark)
    return problem(
      name,
      'nothing is known of it, and nothing is removed',
      'toolcrib migrate --revert, then migrate',
    );
  const { now, reachedAt, isAhead } = mark;
  if (!isAhead) return ok(name, 'goes on from where it was known to be');
  return problem(
    name,
    `shows ${now.toISOString()}, and was last known to show ${reachedAt.toISOString()}: nothing is removed for good`,
    'Set it right; or, when it is right (a long stop, a restored backup), run toolcrib clock accept',
  );
}
