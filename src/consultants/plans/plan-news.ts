import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import type { Role } from '../../access/permissions.js';
import { User } from '../../access/user.entity.js';
import { CustomerProfile } from '../../crm/customer-profile.entity.js';
import { LiveEvents } from '../../messaging/live/live-events.js';
import { Notifications } from '../../messaging/notices/notifications.js';
import { Config } from '../../platform/config.js';
import type { TreatmentPlan } from './treatment-plan.entity.js';

/** Who sees what becomes of plans. */
const WATCHERS: readonly Role[] = ['consultant', 'owner', 'admin'];

export type PlanNewsKind = 'treatment_plan_proposed' | 'treatment_plan_approved' | 'treatment_plan_rejected';

/**
 * What people are told of plans: over `/ws`, and the consultant in charge through notification channels. Ids and states only, nothing of
 * what a plan says. All in the caller's transaction.
 */
@Injectable()
export class PlanNews {
  constructor(
    private readonly config: Config,
    private readonly liveEvents: LiveEvents,
    private readonly notifications: Notifications,
  ) {}

  /** @param by Who did it: they need no notice of it. */
  async tell(
    manager: EntityManager,
    plan: TreatmentPlan,
    { kind, by }: { readonly kind: PlanNewsKind; readonly by: string | null },
  ): Promise<void> {
    const { tenantId, id, userId, state, revision, approvedRevision, version } = plan;
    const payload = {
      plan_id: id,
      customer_id: userId,
      state,
      revision,
      approved_revision: approvedRevision,
      version,
    };
    await this.liveEvents.publish(manager, { tenantId, kind, audience: { roles: WATCHERS }, payload });
    // Nothing is to be decided of an earlier revision any more.
    await this.notifications.withdraw(manager, { tenantId, keyPrefix: `plan:${id}:` });
    if (kind === 'treatment_plan_proposed') await this.sendProposal(manager, plan, by);
  }

  private async sendProposal(manager: EntityManager, plan: TreatmentPlan, by: string | null): Promise<void> {
    const { tenantId, id, userId, revision } = plan;
    const profile = await manager.findOneBy(CustomerProfile, { tenantId, userId });
    const consultantId = profile?.consultantId ?? null;
    if (consultantId === null || consultantId === by) return;
    const customer = await manager.findOneBy(User, { tenantId, id: userId });
    await this.notifications.send(manager, {
      tenantId,
      aboutUserId: userId,
      kind: 'treatment_plan',
      recipients: [consultantId],
      variables: { customer_name: customer?.displayName ?? '', revision: String(revision) },
      // The console has no page for it, so it is the REST resource.
      link: `${this.config.publicUrl}/api/v1/treatment-plans/${id}`,
      key: `plan:${id}:${revision}`,
    });
  }
}
