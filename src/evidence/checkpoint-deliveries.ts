import { Injectable, Logger } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { DataSource } from 'typeorm';
import { CallLogCheckpoint, CallLogDelivery } from '../call-logs/call-log-checkpoint.entity.js';
import { Config } from '../config.js';
import { type CheckpointTarget, checkpointTargets } from './checkpoint-targets.js';

const ERROR_MAX = 1000; // characters

type Outcome = 'delivered' | 'nothing_to_do' | 'failed';

/**
 * Brings checkpoints to where the operator keeps them, in order and each at least once. How far it has come is a row for each
 * tenant and place, so what is not delivered yet waits in the table of checkpoints and nothing is lost; one replica delivers to
 * a place at a time. A failure is shown there and tried again in the next round.
 */
@Injectable()
export class CheckpointDeliveries {
  private readonly logger = new Logger(CheckpointDeliveries.name);
  readonly targets: readonly CheckpointTarget[];

  constructor(
    @InjectDataSource() private readonly dataSource: DataSource,
    config: Config,
  ) {
    this.targets = checkpointTargets(config);
  }

  /** All that waits of one tenant. Belongs into its unit of work. */
  async deliver(tenantId: string): Promise<void> {
    for (const target of this.targets) {
      await this.dataSource
        .createQueryBuilder()
        .insert()
        .into(CallLogDelivery)
        .values({ tenantId, target: target.name })
        .orIgnore()
        .execute();
      let outcome: Outcome = 'delivered';
      while (outcome === 'delivered') outcome = await this.deliverNext(tenantId, target);
    }
  }

  /** One checkpoint in one transaction: were it several, a crash would have all of them delivered again. */
  private async deliverNext(tenantId: string, target: CheckpointTarget): Promise<Outcome> {
    return this.dataSource.transaction(async (manager) => {
      const key = { tenantId, target: target.name };
      const delivery = await manager.findOne(CallLogDelivery, {
        where: key,
        lock: { mode: 'pessimistic_write', onLocked: 'skip_locked' },
      });
      if (!delivery) return 'nothing_to_do'; // another replica is at it
      const number = delivery.deliveredNumber + 1;
      const checkpoint = await manager.findOneBy(CallLogCheckpoint, { tenantId, number });
      if (!checkpoint) return 'nothing_to_do';
      const triedAt = new Date();
      try {
        await target.deliver(checkpoint);
      } catch (error) {
        const lastError = describe(error).slice(0, ERROR_MAX);
        if (delivery.failures === 0) {
          this.logger.warn(`Checkpoints cannot be delivered to the ${target.name}: ${lastError}`);
        }
        await manager.update(CallLogDelivery, key, { failures: delivery.failures + 1, lastError, triedAt });
        return 'failed';
      }
      await manager.update(CallLogDelivery, key, {
        deliveredNumber: number,
        deliveredAt: triedAt,
        triedAt,
        failures: 0,
        lastError: null,
      });
      return 'delivered';
    });
  }
}

/** `fetch failed` says nothing; its cause does. */
function describe(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.cause instanceof Error ? `${error.message}: ${error.cause.message}` : error.message;
}
