import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { z } from 'zod';
import type { JobContext } from '../jobs/job-context.js';
import { Job } from '../jobs/job.decorator.js';
import { AdminAlerts } from '../messaging/alerts/admin-alerts.js';
import { CLAIM_GIVE_UP } from './claim-give-up.js';
import { ClaimNews } from './claim-news.js';
import { ClaimRounds, ESCALATE, findLocked, OFFER_ENDS } from './claim-rounds.js';
import { ConsultantDirectory } from './consultant-directory.js';
import { settingsOf } from './consultant-settings.js';
import { customerCard } from './customer-card.js';
import { CustomerClaim } from './customer-claim.entity.js';

const escalation = z.object({ claim_id: z.uuid(), round: z.int(), level: z.int() });
const offerEnd = z.object({ claim_id: z.uuid(), round: z.int(), offer: z.int() });

/**
 * What goes on while nobody claims a customer. Each job does its part in one transaction and only if the claim still stands where
 * the job was made, so that a level is escalated to once, whatever dies when.
 */
@Injectable()
export class ClaimJobs {
  constructor(
    private readonly rounds: ClaimRounds,
    private readonly news: ClaimNews,
    private readonly directory: ConsultantDirectory,
    private readonly alerts: AdminAlerts,
  ) {}

  @Job({
    kind: ESCALATE,
    description: 'Tells the next level that nobody has claimed a customer, and administrators after the last',
    payload: escalation,
    whenDead: CLAIM_GIVE_UP,
    whenCancelled: CLAIM_GIVE_UP,
  })
  async escalate(payload: z.output<typeof escalation>, { step, tenantId }: JobContext): Promise<void> {
    await step(
      'escalate',
      async (manager) => {
        const claim = await findLocked(manager, tenantId, payload.claim_id);
        if (claim?.state !== 'open' || claim.round !== payload.round) return;
        if (claim.level !== payload.level - 1) return;
        await this.toNextLevel(manager, claim);
      },
      { transaction: true },
    );
  }

  @Job({
    kind: OFFER_ENDS,
    description: 'Offers a customer to the next consultant when the one who was asked has not claimed',
    payload: offerEnd,
    whenDead: CLAIM_GIVE_UP,
    whenCancelled: CLAIM_GIVE_UP,
  })
  async endOffer(payload: z.output<typeof offerEnd>, { step, tenantId }: JobContext): Promise<void> {
    await step(
      'offer',
      async (manager) => {
        const claim = await findLocked(manager, tenantId, payload.claim_id);
        if (claim?.state !== 'open' || claim.round !== payload.round || claim.offeredTo === null) return;
        if (claim.offeredBefore.length !== payload.offer) return;
        await this.rounds.offer(manager, claim);
        await manager.save(CustomerClaim, claim);
      },
      { transaction: true },
    );
  }

  private async toNextLevel(manager: EntityManager, claim: CustomerClaim): Promise<void> {
    const settings = await settingsOf(manager, claim.tenantId);
    const customer = await customerCard(manager, claim.tenantId, claim.userId);
    const level = settings.levels[claim.level];
    // From now on whoever is told may claim, also while somebody has it offered.
    Object.assign(claim, { level: claim.level + 1, offeredTo: null, offeredUntil: null });
    if (level) {
      const userIds = await this.directory.idsFor(manager, claim.tenantId, level);
      await this.news.tellOfEscalation(manager, { claim, settings, customer, userIds });
      await this.rounds.planEscalation(manager, claim, settings);
    } else {
      claim.nextEscalationAt = null;
      await this.alert(manager, claim);
    }
    await manager.save(CustomerClaim, claim);
  }

  /** Without a name: the alert outlives the account. */
  private alert(manager: EntityManager, claim: CustomerClaim): Promise<void> {
    return this.alerts.raise(manager, {
      tenantId: claim.tenantId,
      kind: 'customer_unclaimed',
      title: 'Nobody has claimed a new customer',
      detail: `The customer was announced at ${claim.announcedAt.toISOString()} and every level was told. Give the customer to a consultant, with POST /api/v1/admin/customer-claims/${claim.id}/reassign.`,
      target: { kind: 'customer_claim', id: claim.id },
      key: `customer_unclaimed:${claim.id}:${claim.round}`,
    });
  }
}
