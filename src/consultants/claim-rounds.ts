import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { Jobs } from '../jobs/jobs.js';
import { choose, type Consultant, mayServe } from './allocation.js';
import { ClaimNews } from './claim-news.js';
import { ConsultantDirectory } from './consultant-directory.js';
import { noteTurn, type SettingsInForce, settingsOf, takeTurn } from './consultant-settings.js';
import { customerCard, wantedTags } from './customer-card.js';
import { CustomerClaim } from './customer-claim.entity.js';

export const ESCALATE = 'consultants.escalate';
export const OFFER_ENDS = 'consultants.offer_ends';

/**
 * A customer looking for a consultant: told to all or offered to one after the other, with the jobs that go on when nobody
 * claims. Everything happens in the caller's transaction, with the claim's row locked.
 */
@Injectable()
export class ClaimRounds {
  constructor(
    private readonly directory: ConsultantDirectory,
    private readonly news: ClaimNews,
    private readonly jobs: Jobs,
  ) {}

  /** Begins the search, or begins it anew. */
  async begin(manager: EntityManager, claim: CustomerClaim): Promise<void> {
    await this.offer(manager, claim);
    const settings = await settingsOf(manager, claim.tenantId);
    await this.planEscalation(manager, claim, settings);
    await manager.save(CustomerClaim, claim);
  }

  /**
   * Offers the customer to the next consultant, or to all: when claiming is free, nobody is left to be asked alone, or nobody is
   * there. In the last case it goes through the channels.
   */
  async offer(manager: EntityManager, claim: CustomerClaim): Promise<void> {
    const settings = await takeTurn(manager, claim.tenantId);
    if (!settings.tellConsultants) return tellNobody(claim);
    const all = await this.directory.list(claim.tenantId, manager);
    const customer = await customerCard(manager, claim.tenantId, claim.userId);
    const online = all.filter((one) => one.online && mayServe(one));
    const left = online.filter(({ id }) => !claim.offeredBefore.includes(id));
    const tags = wantedTags(customer);
    const chosen = choose(settings.allocation, left, { tags, lastOfferedTo: settings.lastOfferedTo });
    if (chosen) {
      await this.offerTo(manager, claim, { chosen, settings });
      return this.news.tellOfCustomer(manager, { claim, settings, customer, userIds: [chosen.id] });
    }
    Object.assign(claim, { offeredTo: null, offeredUntil: null });
    const userIds = whoIsTold(all);
    // Those who come online later read it with their cursor.
    await this.news.tellOfCustomer(manager, { claim, settings, customer, userIds });
    Object.assign(claim, { how: 'live', notified: online.length });
    if (online.length > 0) return;
    Object.assign(claim, { how: 'channels', notified: userIds.length });
    await this.news.sendCustomer(manager, { claim, settings, customer, userIds });
  }

  /** Ends what goes on by itself, and what is still to be told: the claim is taken, given back or closed. */
  async end(manager: EntityManager, claim: CustomerClaim): Promise<void> {
    for (const id of claim.jobIds) await this.jobs.cancel(manager, id);
    await this.news.withdraw(manager, claim);
    const ended = { jobIds: [], offeredTo: null, offeredUntil: null, offeredBefore: [] };
    Object.assign(claim, { ...ended, nextEscalationAt: null });
  }

  /** Makes the job of the next level, or of the alert after the last one; none after that. */
  async planEscalation(
    manager: EntityManager,
    claim: CustomerClaim,
    { levels, alertAfterSeconds }: SettingsInForce,
  ): Promise<void> {
    claim.nextEscalationAt = null;
    if (claim.level > levels.length) return;
    const seconds = levels[claim.level]?.after_seconds ?? alertAfterSeconds;
    const payload = { claim_id: claim.id, round: claim.round, level: claim.level + 1 };
    await this.enqueue(manager, claim, { kind: ESCALATE, payload, seconds });
    claim.nextEscalationAt = inSeconds(seconds);
  }

  private async offerTo(
    manager: EntityManager,
    claim: CustomerClaim,
    { chosen, settings }: { readonly chosen: Consultant; readonly settings: SettingsInForce },
  ): Promise<void> {
    const { tenantId, id, round } = claim;
    claim.offeredTo = chosen.id;
    claim.offeredUntil = inSeconds(settings.offerSeconds);
    claim.offeredBefore = [...claim.offeredBefore, chosen.id];
    Object.assign(claim, { how: 'live', notified: 1 });
    await noteTurn(manager, tenantId, chosen.id);
    const payload = { claim_id: id, round, offer: claim.offeredBefore.length };
    await this.enqueue(manager, claim, { kind: OFFER_ENDS, payload, seconds: settings.offerSeconds });
  }

  private async enqueue(
    manager: EntityManager,
    claim: CustomerClaim,
    job: {
      readonly kind: string;
      readonly payload: Readonly<Record<string, string | number>>;
      readonly seconds: number;
    },
  ): Promise<void> {
    const uniqueKey = Object.values(job.payload).join(':');
    const options = { tenantId: claim.tenantId, delaySeconds: job.seconds, uniqueKey };
    const { id } = await this.jobs.enqueue(manager, job.kind, job.payload, options);
    claim.jobIds = [...claim.jobIds, id];
  }
}

/** The claim waits in the list, and escalates as always. */
function tellNobody(claim: CustomerClaim): void {
  Object.assign(claim, { offeredTo: null, offeredUntil: null, how: 'live', notified: 0 });
}

/** Those who may serve; when nobody may, everybody: better one too many than a customer whom nobody knows of. */
function whoIsTold(all: readonly Consultant[]): string[] {
  const serving = all.filter(mayServe);
  return (serving.length > 0 ? serving : all).map(({ id }) => id);
}

function inSeconds(seconds: number): Date {
  return new Date(Date.now() + seconds * 1000);
}

/** Locked, so that a claim, an offer's end and an escalation come one after the other. */
export function findLocked(
  manager: EntityManager,
  tenantId: string,
  id: string,
): Promise<CustomerClaim | null> {
  return manager.findOne(CustomerClaim, {
    where: { tenantId, id },
    lock: { mode: 'pessimistic_write' },
  });
}
