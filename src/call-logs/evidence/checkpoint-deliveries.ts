import { Injectable, Logger } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { DataSource } from 'typeorm';
import { messageOf } from '../../platform/errors.js';
import { CallLogDelivery } from '../chain/call-log-checkpoint.entity.js';
import { Config } from '../../platform/config.js';
import { type CheckpointTarget, checkpointTargets } from './checkpoint-targets.js';
import { GenuineCheckpoints } from './genuine-checkpoints.js';
import { cutText } from '../../platform/cut-text.js';

const ERROR_MAX = 1000; // characters

/**
 * Brings checkpoints to where the operator keeps them, in order and each at least once. How far it has come is a row for each
 * tenant and place, so what is not delivered yet waits in the table of checkpoints and nothing is lost. Nothing of the database is
 * held while a place takes its time. A failure is shown there and tried again in the next round.
 */
@Injectable()
export class CheckpointDeliveries {
  private readonly logger = new Logger(CheckpointDeliveries.name);
  readonly targets: readonly CheckpointTarget[];

  constructor(
    @InjectDataSource() private readonly dataSource: DataSource,
    private readonly checkpoints: GenuineCheckpoints,
    config: Config,
  ) {
    this.targets = checkpointTargets(config);
  }

  /** All that waits of one tenant, to one place. Belongs into its unit of work; one caller at a time for each place. */
  async deliver(tenantId: string, target: CheckpointTarget, stopping: AbortSignal): Promise<void> {
    const { manager } = this.dataSource;
    const key = { tenantId, target: target.name };
    await manager.createQueryBuilder().insert().into(CallLogDelivery).values(key).orIgnore().execute();
    let isDelivered = true;
    while (isDelivered && !stopping.aborted) isDelivered = await this.deliverNext(key, target);
  }

  /** @returns Whether there was one and it arrived. A crash in between has it delivered again. */
  private async deliverNext(
    key: Pick<CallLogDelivery, 'tenantId' | 'target'>,
    target: CheckpointTarget,
  ): Promise<boolean> {
    const { manager } = this.dataSource;
    const delivery = await manager.findOneByOrFail(CallLogDelivery, key);
    const checkpoint = await this.checkpoints.findNext(manager, key.tenantId, delivery.deliveredNumber);
    if (!checkpoint) return false;
    const triedAt = new Date();
    try {
      await target.deliver(checkpoint);
    } catch (error) {
      const lastError = cutText(describe(error), ERROR_MAX);
      if (delivery.failures === 0) {
        this.logger.warn(`Checkpoints cannot be delivered to the ${target.name}: ${lastError}`);
      }
      await manager.update(CallLogDelivery, key, { failures: delivery.failures + 1, lastError, triedAt });
      return false;
    }
    await manager.update(CallLogDelivery, key, {
      deliveredNumber: checkpoint.number,
      deliveredAt: triedAt,
      triedAt,
      failures: 0,
      lastError: null,
    });
    return true;
  }
}

/** `fetch failed` says nothing; its cause does. */
function describe(error: unknown): string {
  if (!(error instanceof Error)) return messageOf(error);
  return error.cause instanceof Error ? `${error.message}: ${error.cause.message}` : error.message;
}
