import { findHolder } from '../../platform/database/advisory-locks.js';
import { type Check, ok, warning } from './check.js';
import type { Connection } from './role-connections.js';

const OLD_MINUTES = 10;
/** Of a session whose beginning we may not see. */
const OLD_TRANSACTIONS = 50_000;
const QUEUE_MAX = 0.1;
/** PostgreSQL begins to freeze by force at 200 million, and stops at two thousand million. */
const UNFROZEN_MAX = 500_000_000;
const NAMED_MAX = 3;

/** Whoever keeps rows that are gone, or log files that are written, from being cleared away. */
const HOLDERS = `SELECT format('session %s (%s, %s)', pid, usename, coalesce(nullif(application_name, ''), 'no name')) AS who
  FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_xmin IS NOT NULL
    AND (xact_start < clock_timestamp() - interval '${OLD_MINUTES} minutes'
      OR (xact_start IS NULL AND age(backend_xmin) > ${OLD_TRANSACTIONS}))
  UNION ALL SELECT format('prepared transaction %s', gid) FROM pg_prepared_xacts
    WHERE database = current_database() AND prepared < clock_timestamp() - interval '${OLD_MINUTES} minutes'
  UNION ALL SELECT format('replication slot %s, which nobody uses', slot_name) FROM pg_replication_slots
    WHERE NOT active AND (restart_lsn IS NOT NULL OR xmin IS NOT NULL OR catalog_xmin IS NOT NULL)`;

/** What others do on the server that slows ours down with every hour it lasts. */
export async function checkHolders(owner: Connection): Promise<Check> {
  const name = 'old snapshots';
  const holders = await owner.query<{ who: string }[]>(HOLDERS);
  if (holders.length === 0) return ok(name, 'nobody keeps what is gone from being cleared away');
  const more = holders.length > NAMED_MAX ? ` and ${holders.length - NAMED_MAX} more` : '';
  const named = holders.slice(0, NAMED_MAX).map(({ who }) => who);
  return warning(
    name,
    `held by ${named.join(', ')}${more}: jobs get slower, and the disk fuller, until they end`,
    'End it: pg_terminate_backend(pid), ROLLBACK PREPARED, pg_drop_replication_slot(name)',
  );
}

/** Whether a start would wait for somebody who changes the schema, or who left the lock for it behind. */
export async function checkMigrationLock({ client }: Connection): Promise<Check> {
  const name = 'migration lock';
  const held = (await findHolder(client, 'migrate')) ?? (await findHolder(client, 'bindSecrets'));
  if (!held) return ok(name, 'is free');
  return warning(
    name,
    `${held.text} holds it: a start waits, MIGRATE_WAIT_SECONDS at most`,
    `Let it finish; or, where no Toolcrib starts, end it as an administrator: SELECT pg_terminate_backend(${held.pid})`,
  );
}

type Upkeep = { readonly queue: number; readonly autovacuum: boolean; readonly unfrozen: number };

const UPKEEP = `SELECT pg_notification_queue_usage() AS queue, age(datfrozenxid) AS unfrozen,
    current_setting('autovacuum')::boolean AND current_setting('track_counts')::boolean AS autovacuum
  FROM pg_database WHERE datname = current_database()`;

/** What the server does for itself, and must keep up with. */
export async function checkUpkeep(owner: Connection): Promise<Check[]> {
  const [facts] = await owner.query<[Upkeep]>(UPKEEP);
  return judgeUpkeep(facts);
}

export function judgeUpkeep({ queue, autovacuum, unfrozen }: Upkeep): Check[] {
  const percent = Math.round(queue * 100);
  return [
    queue < QUEUE_MAX
      ? ok('news of changes', 'are heard by all who listen')
      : warning(
          'news of changes',
          `fill ${percent} % of the server's queue: a session listens, and stays in a transaction; at 100 % no change is accepted`,
          'Find it in the server’s log (NOTIFY queue is … full), and end it',
        ),
    autovacuum && unfrozen < UNFROZEN_MAX
      ? ok('autovacuum', 'clears away what is gone')
      : warning(
          'autovacuum',
          autovacuum
            ? `does not keep up: ${unfrozen} transactions are not frozen; at 2,000,000,000 the server takes no more changes`
            : 'is off: what is gone is never cleared away',
          autovacuum
            ? 'Run VACUUM (FREEZE) on the database, and see who holds old snapshots'
            : 'ALTER SYSTEM RESET autovacuum; ALTER SYSTEM RESET track_counts',
        ),
  ];
}
