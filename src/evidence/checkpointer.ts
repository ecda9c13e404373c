import { Injectable, Logger, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { DataSource } from 'typeorm';
import { inTenant } from '../common/request-scope.js';
import { SYSTEM_DATABASE } from '../common/system-database.js';
import { Config } from '../config.js';
import { CheckpointDeliveries } from './checkpoint-deliveries.js';
import { CheckpointsService } from './checkpoints.service.js';

/** Every `CHECKPOINT_EVERY_SECONDS`: a checkpoint for each tenant whose log has grown, and the delivery of what waits. */
@Injectable()
export class Checkpointer implements OnApplicationBootstrap, OnApplicationShutdown {
  private readonly logger = new Logger(Checkpointer.name);
  private timer: NodeJS.Timeout | undefined;
  private running: Promise<void> | undefined;
  private isStopping = false;

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
  }

  async onApplicationShutdown(): Promise<void> {
    this.isStopping = true;
    clearInterval(this.timer);
    await this.running;
  }

  /** Joins the round that is under way, if one is. */
  round(): Promise<void> {
    return (this.running ??= this.work().finally(() => {
      this.running = undefined;
    }));
  }

  private async work(): Promise<void> {
    try {
      const tenants = await this.system.query<{ id: string }[]>(
        'SELECT id FROM tenants WHERE removing_at IS NULL ORDER BY id',
      );
      // All are made before any is delivered: a target that does not answer holds up no signature.
      for (const { id } of tenants) await this.forTenant(id, () => this.checkpoints.makeIfChanged(id));
      for (const { id } of tenants) await this.forTenant(id, () => this.deliveries.deliver(id));
    } catch (error) {
      this.logger.warn(`No checkpoints this time: ${messageOf(error)}`);
    }
  }

  /** What fails for one tenant fails for that one only. */
  private async forTenant(id: string, work: () => Promise<unknown>): Promise<void> {
    if (this.isStopping) return;
    try {
      await inTenant(id, work);
    } catch (error) {
      this.logger.warn(`No checkpoint of tenant ${id} this time: ${messageOf(error)}`);
    }
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
