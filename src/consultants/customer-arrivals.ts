import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { newId } from '../common/new-id.js';
import { LiveEvents } from '../live/live-events.js';
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
  constructor(private readonly liveEvents: LiveEvents) {}

  /**
   * Tells consultants of a customer, in the caller's transaction. Once per conversation: a second call gives what the first one
   * gave.
   */
  async announce(manager: EntityManager, arrival: Arrival): Promise<Announcement> {
    const { tenantId, userId, conversationId, runId } = arrival;
    const known = await manager.findOneBy(CustomerClaim, { tenantId, conversationId });
    if (known) return { claimId: known.id, how: known.how, notified: known.notified };
    const online = await this.liveEvents.onlineUsers(tenantId, 'consultant');
    const claim = {
      id: newId(),
      tenantId,
      userId,
      conversationId,
      runId,
      how: 'live',
      notified: online.length,
    } as const;
    await manager.insert(CustomerClaim, claim);
    const payload = { claim_id: claim.id, conversation_id: conversationId, user_id: userId };
    const audience = { roles: ['consultant'] } as const;
    await this.liveEvents.publish(manager, { tenantId, kind: 'new_customer', audience, payload });
    return { claimId: claim.id, how: claim.how, notified: claim.notified };
  }
}
