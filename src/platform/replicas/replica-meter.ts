import { Injectable, Logger, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { DataSource } from 'typeorm';
import { RepeatedJob } from '../repeated-job.js';
import { Config } from '../config.js';
import { Replica } from './replica.js';
import { ResourceMeter } from './resource-meter.js';

const PERIOD_MS = 10_000;

/** Without the replica's own row there is nobody it would go with. */
const STORE = `INSERT INTO replica_resources (replica_id, resources) SELECT id, $2 FROM replicas WHERE id = $1
  ON CONFLICT (replica_id) DO UPDATE SET resources = excluded.resources, measured_at = now()`;

/** Writes down every ten seconds what this replica uses of its machine, for {@link ReplicaResources} to read. */
@Injectable()
export class ReplicaMeter implements OnApplicationBootstrap, OnApplicationShutdown {
  private readonly meter: ResourceMeter;
  private readonly job = new RepeatedJob(new Logger(ReplicaMeter.name), {
    name: 'Telling what this replica uses',
    pauseMs: PERIOD_MS,
    step: () => this.store(),
  });

  constructor(
    @InjectDataSource() private readonly dataSource: DataSource,
    private readonly replica: Replica,
    config: Config,
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

  private async store(): Promise<boolean> {
    await this.dataSource.query(STORE, [this.replica.id, JSON.stringify(await this.meter.measure())]);
    return false;
  }
}
