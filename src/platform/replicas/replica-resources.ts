import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { Config } from '../config.js';
import type { Resources } from './resource-meter.js';

const READ = `SELECT r.id, r.name, to_char(r.started_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') AS started_at,
    to_char(m.measured_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') AS measured_at, m.resources
  FROM replicas r LEFT JOIN replica_resources m ON m.replica_id = r.id
  WHERE r.last_seen_at > clock_timestamp() - make_interval(secs => $1 / 1000.0) ORDER BY r.name, r.id`;

/** A replica that lives, with what it last said; null: it has not yet. */
export type ReplicaWithResources = {
  readonly id: string;
  readonly name: string;
  readonly started_at: string;
  readonly measured_at: string | null;
  readonly resources: Resources | null;
};

/** Reads what the replicas use of their machines, as each of them last wrote it down. */
@Injectable()
export class ReplicaResources {
  constructor(private readonly config: Config) {}

  /** Of the replicas whose lease runs, by name. */
  read(manager: EntityManager): Promise<ReplicaWithResources[]> {
    return manager.query<ReplicaWithResources[]>(READ, [this.config.env.REPLICA_LEASE_MS]);
  }
}
