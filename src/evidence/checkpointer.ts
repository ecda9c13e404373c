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
      for (const { id } of tenants) {
        if (this.isStopping) return;
        await inTenant(id, async () => {
          await this.checkpoints.makeIfChanged(id);
          await this.deliveries.deliver(id);
        });
      }
    } catch (error) {
      this.logger.warn(`No checkpoints this time: ${error instanceof Error ? error.message : String(error)}`);
    }
  }
}
