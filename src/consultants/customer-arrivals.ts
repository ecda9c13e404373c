import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { newId } from '../platform/new-id.js';
import { ClaimRounds, findLocked } from './claim-rounds.js';
import { CustomerClaim } from './customer-claim.entity.js';

export type Arrival = {
  readonly tenantId: string;
  /** The customer. */
  readonly userId: string;
  readonly conversationId: string;
  /** Of the automation that greeted the customer; null: none. */
  readonly runId: string | null;
};

/** `live`: somebody who may serve is connected; `channels`: nobody is, so all were sent a notification. */
export type Announcement = {
  readonly claimId: string;
  readonly how: 'live' | 'channels';
  readonly notified: number;
};

/** New customers, told to the consultants. */
@Injectable()
export class CustomerArrivals {
  constructor(private readonly rounds: ClaimRounds) {}

  /**
   * Tells consultants of a customer, in the caller's transaction. Once per conversation: a second call, also one at the same
   * time, gives what the first one gave.
   *
   * @param manager Of a transaction that belongs to the tenant.
   */
  async announce(manager: EntityManager, arrival: Arrival): Promise<Announcement> {
    const { tenantId, conversationId } = arrival;
    const made = await manager
      .createQueryBuilder()
      .insert()
      .into(CustomerClaim)
      .values({ id: newId(), ...arrival })
      .orIgnore()
      .returning(['id'])
      .execute();
    const [{ id } = { id: undefined }] = made.raw as { id?: string }[];
    const claim = id === undefined ? null : await findLocked(manager, tenantId, id);
    if (claim) await this.rounds.begin(manager, claim);
    const known = claim ?? (await manager.findOneByOrFail(CustomerClaim, { tenantId, conversationId }));
    return { claimId: known.id, how: known.how, notified: known.notified };
  }
}
