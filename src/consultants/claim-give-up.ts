import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { z } from 'zod';
import type { JobContext } from '../jobs/job-context.js';
import { Job } from '../jobs/job.decorator.js';
import { Job as JobRow } from '../jobs/job.entity.js';
import { AdminAlerts } from '../messaging/alerts/admin-alerts.js';
import { ClaimRounds, OFFER_ENDS } from './claim-rounds.js';
import { settingsOf } from './consultant-settings.js';
import { CustomerClaim } from './customer-claim.entity.js';

export const CLAIM_GIVE_UP = 'consultants.give_up';

/** The search for a consultant goes on without a job of it that failed for good, or that an operator cancelled. */
@Injectable()
export class ClaimGiveUp {
  constructor(
    private readonly rounds: ClaimRounds,
    private readonly alerts: AdminAlerts,
  ) {}

  @Job({
    kind: CLAIM_GIVE_UP,
    description: 'Alerts the administrators when a job that looks for a consultant is lost, and goes on',
    payload: z.object({ job_id: z.uuid() }),
    retrySeconds: [5, 15, 60, 300, 1800],
  })
  async giveUp({ job_id }: { job_id: string }, { step, tenantId }: JobContext): Promise<void> {
    await step('go-on', (manager) => this.goOn(manager, tenantId, job_id), { transaction: true });
  }

  private async goOn(manager: EntityManager, tenantId: string, jobId: string): Promise<void> {
    const claim = await findOfJob(manager, tenantId, jobId);
    if (!claim) return; // the claim itself has ended its jobs
    // Gone: it was purged among the dead ones.
    const job = await manager.findOneBy(JobRow, { id: jobId, tenantId });
    if (job && job.state !== 'dead' && job.state !== 'cancelled') return; // somebody retried it meanwhile
    claim.jobIds = claim.jobIds.filter((id) => id !== jobId);
    Object.assign(claim, { offeredTo: null, offeredUntil: null });
    if (job?.kind !== OFFER_ENDS) {
      claim.level += 1;
      await this.rounds.planEscalation(manager, claim, await settingsOf(manager, tenantId));
    }
    await manager.save(CustomerClaim, claim);
    await this.alert(manager, claim, jobId);
  }

  private alert(manager: EntityManager, { tenantId, id }: CustomerClaim, jobId: string): Promise<void> {
    return this.alerts.raise(manager, {
      tenantId,
      kind: 'customer_unclaimed',
      title: 'Consultants could not be told of a new customer',
      detail:
        `Job ${jobId} failed for good, or was cancelled. Whoever may serve may claim the customer, and the next level of escalation ` +
        `is told in its time. Give the customer to a consultant, with POST /api/v1/admin/customer-claims/${id}/reassign.`,
      target: { kind: 'customer_claim', id },
      key: `customer_unclaimed:${id}:job:${jobId}`,
    });
  }
}

/** Locked, and only while it is open and still has the job for its own. */
function findOfJob(manager: EntityManager, tenantId: string, jobId: string): Promise<CustomerClaim | null> {
  return manager
    .createQueryBuilder(CustomerClaim, 'c')
    .setLock('pessimistic_write')
    .where({ tenantId, state: 'open' })
    .andWhere(':jobId = ANY (c.jobIds)', { jobId })
    .getOne();
}
