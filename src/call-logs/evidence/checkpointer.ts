import { Injectable, Logger, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { DataSource } from 'typeorm';
import { messageOf } from '../../platform/errors.js';
import { ifLockIsFree } from '../../platform/database/advisory-locks.js';
import { inTenant } from '../../platform/request-scope.js';
import { RepeatedJob } from '../../platform/repeated-job.js';
import { SYSTEM_DATABASE } from '../../platform/database/system-database.js';
import { Config } from '../../platform/config.js';
import { CheckpointDeliveries } from './checkpoint-deliveries.js';
import type { CheckpointTarget } from './checkpoint-targets.js';
import { CheckpointsService } from './checkpoints.service.js';

/**
 * Every `CHECKPOINT_EVERY_SECONDS`, and at the start for what was written before the last end: a checkpoint for each tenant whose
 * log has grown; and, on a way of its own for each place, the delivery of what waits. A place that does not answer holds up no
 * signature and no other place.
 */
@Injectable()
export class Checkpointer implements OnApplicationBootstrap, OnApplicationShutdown {
  private readonly logger = new Logger(Checkpointer.name);
  private readonly signing: RepeatedJob;
  private readonly delivering: readonly RepeatedJob[];
  private readonly stopping = new AbortController();

  constructor(
    @InjectDataSource(SYSTEM_DATABASE) private readonly system: DataSource,
    private readonly config: Config,
    private readonly checkpoints: CheckpointsService,
    private readonly deliveries: CheckpointDeliveries,
  ) {
    this.delivering = deliveries.targets.map((target) =>
      this.everyRound(`Delivering checkpoints to the ${target.name}`, () => this.deliverTo(target)),
    );
    this.signing = this.everyRound('Signing checkpoints', () => this.sign());
  }

  async onApplicationBootstrap(): Promise<void> {
    if (!this.checkpoints.canSign) {
      this.logger.warn('CHECKPOINT_KEY is not set: the call log is chained, but nothing is signed');
      return;
    }
    await this.checkpoints.publishKey();
    this.signing.start();
  }

  async onApplicationShutdown(): Promise<void> {
    this.stopping.abort();
    await Promise.all([this.signing, ...this.delivering].map((job) => job.stop()));
  }

  /** Does all of a round now, or joins what is under way of it. */
  async round(): Promise<void> {
    await this.signing.runNow();
    await Promise.all(this.delivering.map((job) => job.runNow()));
  }

  private everyRound(name: string, work: () => Promise<void>): RepeatedJob {
    const step = async () => {
      await work();
      return false;
    };
    const pauseMs = this.config.env.CHECKPOINT_EVERY_SECONDS * 1000;
    return new RepeatedJob(this.logger, { name, pauseMs, step });
  }

  private async sign(): Promise<void> {
    await this.forTenants((id) => this.checkpoints.makeIfChanged(id));
    for (const job of this.delivering) job.start(); // they need not wait for their own round
  }

  private async deliverTo(target: CheckpointTarget): Promise<void> {
    await ifLockIsFree(this.system, { name: 'checkpointDelivery', of: target.name }, () =>
      this.forTenants((id) => this.deliveries.deliver(id, target, this.stopping.signal)),
    );
  }

  private async forTenants(work: (id: string) => Promise<unknown>): Promise<void> {
    const tenants = await this.system.query<{ id: string }[]>(
      'SELECT id FROM tenants WHERE removing_at IS NULL ORDER BY id',
    );
    for (const { id } of tenants) await this.forTenant(id, () => work(id));
  }

  /** What fails for one tenant fails for that one only. */
  private async forTenant(id: string, work: () => Promise<unknown>): Promise<void> {
    if (this.stopping.signal.aborted) return;
    try {
      await inTenant(id, work);
    } catch (error) {
      this.logger.warn(`No checkpoint of tenant ${id} this time: ${messageOf(error)}`);
    }
  }
}
