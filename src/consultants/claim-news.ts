import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import type { Role } from '../access/permissions.js';
import { Config } from '../platform/config.js';
import { LiveEvents } from '../messaging/live/live-events.js';
import { Notifications } from '../messaging/notices/notifications.js';
import type { SettingsInForce } from './consultant-settings.js';
import { type CustomerCard, customerCard } from './customer-card.js';
import { announcementOf } from './announcement.js';
import type { CustomerClaim } from './customer-claim.entity.js';

/** Who sees what becomes of customers. */
const WATCHERS: readonly Role[] = ['consultant', 'owner', 'admin', 'operator'];

type Told = {
  readonly claim: CustomerClaim;
  readonly settings: SettingsInForce;
  readonly customer: CustomerCard;
  readonly userIds: readonly string[];
};

/** What people are told of claims: over `/ws`, and through notification channels. All in the caller's transaction. */
@Injectable()
export class ClaimNews {
  constructor(
    private readonly config: Config,
    private readonly liveEvents: LiveEvents,
    private readonly notifications: Notifications,
  ) {}

  /** `new_customer`: somebody is to be looked after, and these may claim. */
  async tellOfCustomer(manager: EntityManager, told: Told): Promise<void> {
    await this.publish(manager, 'new_customer', told);
  }

  /** The same through channels, since nobody is there. */
  async sendCustomer(manager: EntityManager, told: Told): Promise<void> {
    const { claim, userIds } = told;
    if (userIds.length === 0) return;
    await this.notifications.send(manager, {
      tenantId: claim.tenantId,
      aboutUserId: claim.userId,
      kind: 'new_customer',
      recipients: userIds,
      variables: this.variablesOf(told),
      link: this.linkOf(told),
      key: `customer:${claim.id}:${claim.round}:new`,
    });
  }

  /** `customer_escalated`: nobody has claimed, and these are told, wherever they are; by the last level in quiet hours, too. */
  async tellOfEscalation(manager: EntityManager, told: Told): Promise<void> {
    const { claim, userIds, settings } = told;
    if (userIds.length === 0) return;
    await this.publish(manager, 'customer_escalated', told);
    await this.notifications.send(manager, {
      tenantId: claim.tenantId,
      aboutUserId: claim.userId,
      kind: 'customer_escalated',
      recipients: userIds,
      variables: this.variablesOf(told),
      link: this.linkOf(told),
      key: `customer:${claim.id}:${claim.round}:level${claim.level}`,
      isUrgent: claim.level >= settings.levels.length,
    });
  }

  /** Takes back what was sent of a claim and has reached nobody yet. */
  async withdraw(manager: EntityManager, { tenantId, id }: CustomerClaim): Promise<void> {
    await this.notifications.withdraw(manager, { tenantId, keyPrefix: `customer:${id}:` });
  }

  /** `customer_claimed`, `customer_released`, `customer_closed`: for the lists that people look at. */
  async tellOfState(
    manager: EntityManager,
    claim: CustomerClaim,
    { kind, claimedBy }: { readonly kind: string; readonly claimedBy: { id: string; name: string } | null },
  ): Promise<void> {
    const { tenantId, id, conversationId, userId, state } = claim;
    const payload = {
      claim_id: id,
      conversation_id: conversationId,
      customer_id: userId,
      state,
      claimed_by: claimedBy,
    };
    await this.liveEvents.publish(manager, { tenantId, kind, audience: { roles: WATCHERS }, payload });
  }

  /** A customer was given to somebody who did not ask for it. */
  async sendAssignment(
    manager: EntityManager,
    claim: CustomerClaim,
    { settings, name }: { readonly settings: SettingsInForce; readonly name: string },
  ): Promise<void> {
    const customer = await customerCard(manager, claim.tenantId, claim.userId);
    const told = { claim, settings, customer, userIds: [claim.claimedBy!] };
    await this.notifications.send(manager, {
      tenantId: claim.tenantId,
      aboutUserId: claim.userId,
      kind: 'customer_claimed',
      recipients: told.userIds,
      variables: { ...this.variablesOf(told), consultant_name: name },
      link: this.linkOf(told),
      key: `customer:${claim.id}:${claim.version}:assigned`,
    });
  }

  private publish(manager: EntityManager, kind: string, told: Told): Promise<void> {
    const { claim, settings, customer, userIds } = told;
    if (userIds.length === 0) return Promise.resolve();
    return this.liveEvents.publish(manager, {
      tenantId: claim.tenantId,
      kind,
      audience: { userIds },
      payload: {
        ...announcementOf(kind, claim, settings.language),
        claim_id: claim.id,
        conversation_id: claim.conversationId,
        conversation_link: this.linkOf(told),
        customer,
        expected_response_seconds: settings.expectedResponseSeconds,
        announced_at: claim.announcedAt.toISOString(),
        level: claim.level,
        offered_to: claim.offeredTo,
        offered_until: claim.offeredUntil?.toISOString() ?? null,
      },
    });
  }

  private linkOf({ claim, settings }: Pick<Told, 'claim' | 'settings'>): string {
    // The console has no page for it, so it is the REST resource.
    const own = `${this.config.publicUrl}/api/v1/conversations/{conversation_id}`;
    const template = settings.conversationLink || own;
    return template.replaceAll('{conversation_id}', claim.conversationId);
  }

  private variablesOf({ claim, settings, customer }: Told): Record<string, string> {
    return {
      conversation_id: claim.conversationId,
      customer_id: claim.userId,
      customer_name: customer.name,
      customer_tier: customer.tier,
      customer_city: customer.city ?? '',
      customer_source: customer.source ?? '',
      expected_response_minutes: String(Math.ceil(settings.expectedResponseSeconds / 60)),
      level: String(claim.level),
    };
  }
}
