import { Injectable, Logger, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { DataSource } from 'typeorm';
import { messageOf } from '../../platform/errors.js';
import { ifLockIsFree } from '../../platform/database/advisory-locks.js';
import { inTenant } from '../../platform/request-scope.js';
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
  private timer: NodeJS.Timeout | undefined;
  /** What is under way, by what it does: the next round joins it. */
  private readonly running = new Map<string, Promise<void>>();
  private readonly stopping = new AbortController();

  constructor(
    @InjectDataSource(SYSTEM_DATABASE) private readonly system: DataSource,
    private readonly config: Config,
    private readonly checkpoints: CheckpointsService,
    private readonly deliveries: CheckpointDeliveries,
  ) {}

  async onApplicationBootstrap(): Promise<void> {
    if (!this.checkpoints.canSign) {
      this.logger.warn('CHECKPOINT_KEY is not set: the call log is chained, but nothing is signed');
      return;
    }
    await this.checkpoints.publishKey();
    this.timer = setInterval(
      () => void this.round(),
      this.config.env.CHECKPOINT_EVERY_SECONDS * 1000,
    ).unref();
    void this.round();
  }

  async onApplicationShutdown(): Promise<void> {
    this.stopping.abort();
    clearInterval(this.timer);
    await Promise.all(this.running.values());
  }

  /** Joins what of the round is under way. */
  async round(): Promise<void> {
    await this.once('make', () => this.forTenants((id) => this.checkpoints.makeIfChanged(id)));
    await Promise.all(
      this.deliveries.targets.map((target) => this.once(target.name, () => this.deliverTo(target))),
    );
  }

  private async once(name: string, work: () => Promise<void>): Promise<void> {
    const running = this.running.get(name) ?? this.guarded(work).finally(() => this.running.delete(name));
    this.running.set(name, running);
    return running;
  }

  private async guarded(work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      this.logger.warn(`No checkpoints this time: ${messageOf(error)}`);
    }
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
