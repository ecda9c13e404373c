import { Injectable } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { DataSource, type EntityManager } from 'typeorm';
import { z } from 'zod';
import { Config } from '../../platform/config.js';
import type { JobContext } from '../../jobs/job-context.js';
import { JobPostponedError } from '../../jobs/job-error.js';
import { Job } from '../../jobs/job.decorator.js';
import { DeliveryFailure, type Receipt } from '../channels/channel.js';
import { Channels } from '../channels/channels.js';
import { DeliveryPreparation, type Suppression } from './delivery-preparation.js';
import { NotificationDelivery } from './notification-delivery.entity.js';
import { DELIVER, Notifications } from './notifications.js';

/** As the job keeps it. */
type Outcome =
  | { readonly kind: 'sent'; readonly receipt: Receipt }
  | { readonly kind: 'suppress'; readonly reason: Suppression }
  | { readonly kind: 'wait'; readonly until: string };

const GIVE_UP = 'notifications.give_up';
/** About an hour in all: a receiver may be restarted, a mail server may greylist. */
const RETRY_SECONDS = [10, 60, 300, 900, 1800];

const ATTEMPT = 'UPDATE notification_deliveries SET attempts = attempts + 1 WHERE id = $1';
const NOTE = 'UPDATE notification_deliveries SET last_error = $2, provider_status = $3 WHERE id = $1';
const SENT = `UPDATE notification_deliveries
  SET state = 'sent', sent_at = now(), last_error = $2, provider_status = $3, reason = NULL WHERE id = $1`;
const FAILED = `UPDATE notification_deliveries
  SET state = 'failed', last_error = $2, provider_status = $3 WHERE id = $1 AND state <> 'suppressed'`;
const SUPPRESSED = `UPDATE notification_deliveries SET state = 'suppressed', reason = $2 WHERE id = $1 AND state <> 'suppressed'`;
/** Not what was withdrawn meanwhile. */
const WAIT = `WITH waiting AS (
    UPDATE notification_deliveries SET not_before = $2 WHERE id = $1 AND state = 'waiting' RETURNING id)
  SELECT id FROM waiting`;
const DEAD = `UPDATE notification_deliveries SET state = 'failed' WHERE job_id = $1 AND state = 'waiting'`;

/**
 * Makes deliveries. What may pass is left to the job's retry plan; what says "wrong" ends it at once. A process that dies after
 * the other side took a message and before that is stored sends it again, under the same id: at least once.
 */
@Injectable()
export class Deliverer {
  constructor(
    @InjectDataSource() private readonly dataSource: DataSource,
    private readonly preparation: DeliveryPreparation,
    private readonly channels: Channels,
    private readonly notifications: Notifications,
    private readonly config: Config,
  ) {}

  @Job({
    kind: DELIVER,
    description: 'Tells one recipient one thing over one channel',
    payload: z.object({ delivery_id: z.uuid() }),
    retrySeconds: RETRY_SECONDS,
    // Receivers that hang must not take all the places of other jobs.
    concurrency: { perReplica: 5 },
    whenDead: GIVE_UP,
  })
  async deliver({ delivery_id: id }: { delivery_id: string }, context: JobContext): Promise<void> {
    const delivery = await this.dataSource.getRepository(NotificationDelivery).findOneBy({ id });
    if (!delivery || delivery.state === 'sent' || delivery.state === 'suppressed') return;
    try {
      const outcome = await context.step('tell', (signal) => this.tell(delivery, signal));
      await this.finish(context, id, outcome);
    } catch (error) {
      if (!(error instanceof DeliveryFailure)) throw error;
      await this.fail(context, id, error);
    }
  }

  @Job({
    kind: GIVE_UP,
    description: 'Marks a delivery as failed whose last attempt has failed',
    payload: z.object({ job_id: z.uuid() }),
  })
  async giveUp({ job_id: jobId }: { job_id: string }): Promise<void> {
    await this.dataSource.query(DEAD, [jobId]);
  }

  private async tell(delivery: NotificationDelivery, signal: AbortSignal): Promise<Outcome> {
    const prepared = await this.preparation.prepare(delivery);
    if (prepared.kind === 'suppress') return prepared;
    if (prepared.kind === 'wait') return { kind: 'wait', until: prepared.until.toISOString() };
    await this.dataSource.query(ATTEMPT, [delivery.id]);
    const limit = AbortSignal.timeout(this.config.env.NOTIFICATION_TIMEOUT_MS);
    const outgoing = { ...prepared.outgoing, signal: AbortSignal.any([signal, limit]) };
    return { kind: 'sent', receipt: await this.channels.deliver(prepared.channel, outgoing) };
  }

  private finish({ step, tenantId }: JobContext, id: string, outcome: Outcome): Promise<void> {
    const work = async (manager: EntityManager) => {
      if (outcome.kind === 'suppress') await manager.query(SUPPRESSED, [id, outcome.reason]);
      if (outcome.kind === 'sent')
        await manager.query(SENT, [id, outcome.receipt.note, outcome.receipt.status]);
      if (outcome.kind !== 'wait') return;
      // Another job comes back when the quiet hours end: this one's plan is for failures.
      const notBefore = new Date(outcome.until);
      const waiting = await manager.query<unknown[]>(WAIT, [id, notBefore]);
      if (waiting.length === 0) return;
      await this.notifications.enqueue(manager, tenantId, [{ id, notBefore }]);
    };
    return step('finish', work, { transaction: true });
  }

  /** @throws {DeliveryFailure} It may pass, so the job is to be tried again. */
  private async fail(context: JobContext, id: string, failure: DeliveryFailure): Promise<void> {
    context.signal.throwIfAborted();
    const values = [id, failure.message, failure.about.status ?? null];
    if (!failure.about.isTemporary)
      return context.step('fail', async (manager) => void (await manager.query(FAILED, values)), {
        transaction: true,
      });
    await this.dataSource.query(NOTE, values);
    const { retryAfterMs: waitMs } = failure.about;
    throw waitMs === undefined ? failure : new JobPostponedError(failure.message, { waitMs, cause: failure });
  }
}
