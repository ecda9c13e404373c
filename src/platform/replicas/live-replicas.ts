import type { DataSource } from 'typeorm';

/** A process that says that it lives. `startedAt` tells it from one before it of the same name. */
export type LiveReplica = { readonly id: string; readonly name: string; readonly startedAt: Date };

const LIVE = `SELECT id, name, started_at AS "startedAt" FROM replicas
  WHERE last_seen_at > clock_timestamp() - make_interval(secs => $1 / 1000.0) ORDER BY name, id`;
/** Replicas and database measure time by different clocks; over a lease they come apart by far less than this. */
const CLOCK_MARGIN_MS = 250;

/** Lists the replicas whose lease runs, or may run by their own clock. */
export function listLiveReplicas(dataSource: DataSource, leaseMs: number): Promise<LiveReplica[]> {
  return dataSource.query<LiveReplica[]>(LIVE, [leaseMs + CLOCK_MARGIN_MS]);
}
