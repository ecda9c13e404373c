import { Injectable, Logger, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { DataSource, type EntityManager } from 'typeorm';
import { RepeatedJob } from '../repeated-job.js';
import { Replica } from './replica.js';
import { Config } from '../config.js';
import { type Resources, ResourceMeter } from './resource-meter.js';

const PERIOD_MS = 10_000;

/** Without the replica's own row there is nobody it would go with. */
const STORE = `INSERT INTO replica_resources (replica_id, resources) SELECT id, $2 FROM replicas WHERE id = $1
  ON CONFLICT (replica_id) DO UPDATE SET resources = excluded.resources, measured_at = now()`;
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

/** What the replicas use of their machines: each writes its own numbers every ten seconds, any of them reads all. */
@Injectable()
export class ReplicaResources implements OnApplicationBootstrap, OnApplicationShutdown {
  private readonly meter: ResourceMeter;
  private readonly job = new RepeatedJob(new Logger(ReplicaResources.name), {
    name: 'Telling what this replica uses',
    pauseMs: PERIOD_MS,
    step: () => this.store(),
  });

  constructor(
    @InjectDataSource() private readonly dataSource: DataSource,
    private readonly replica: Replica,
    private readonly config: Config,
  ) {
    this.meter = new ResourceMeter(config.bringsDatabase ? undefined : config.dataDir);
  }

  onApplicationBootstrap(): void {
    this.job.start();
  }

  async onApplicationShutdown(): Promise<void> {
    await this.job.stop();
    this.meter.stop();
  }

  /** Of the replicas whose lease runs, by name. */
  read(manager: EntityManager): Promise<ReplicaWithResources[]> {
    return manager.query<ReplicaWithResources[]>(READ, [this.config.env.REPLICA_LEASE_MS]);
  }

  private async store(): Promise<boolean> {
    await this.dataSource.query(STORE, [this.replica.id, JSON.stringify(await this.meter.measure())]);
    return false;
  }
}
