import { Injectable } from '@nestjs/common';
import { type EntityManager, IsNull, Not } from 'typeorm';
import { User } from '../access/user.entity.js';
import { FeaturesService } from '../access/features/features.service.js';
import type { OffReason } from '../access/features/rollout.js';
import { AutomationRun, type SkipReason } from './automation-run.entity.js';
import { AutomationSettings } from './automation-settings.js';
import { ToolAvailability } from './tool-availability.js';
import { cutText } from '../platform/cut-text.js';

/** The switch: see docs/administration.md, feature switches. */
export const AUTOMATION_FEATURE = 'registration_automation';

export type Skip = { readonly reason: SkipReason; readonly detail: string | null };
export type Candidate = {
  readonly tenantId: string;
  readonly userId: string;
  /** Somebody wants this user greeted once more. */
  readonly isAgain: boolean;
  /** A registration that nobody has looked at yet; what somebody begins or retries by hand is never too late. */
  readonly isNew: boolean;
};

/** Between a registration and the beginning of its run. */
const TOO_LATE_MS = 86_400_000;

const OF_SWITCH: Readonly<Record<OffReason, SkipReason>> = {
  off: 'switched_off',
  roles: 'not_in_roles',
  percentage: 'not_in_rollout',
};

/** Decides whether a user is greeted. */
@Injectable()
export class RunGate {
  constructor(
    private readonly features: FeaturesService,
    private readonly settings: AutomationSettings,
    private readonly tools: ToolAvailability,
  ) {}

  /** @returns Why not; null: the run goes on. */
  async findObstacle(manager: EntityManager, candidate: Candidate): Promise<Skip | null> {
    const { tenantId, userId, isAgain, isNew } = candidate;
    const user = await manager.findOneBy(User, { id: userId, tenantId });
    if (!user) return skip('user_gone');
    if (!user.enabled) return skip('user_disabled');
    if (!isCustomer(user)) return skip('not_a_customer');
    if (isNew && Date.now() - user.createdAt.getTime() > TOO_LATE_MS) return skip('too_late');
    if (!isAgain && (await findGreeting(manager, candidate))) return skip('already_greeted');
    const off = await this.features.whyOff(AUTOMATION_FEATURE, {
      kind: 'user',
      tenantId,
      userId,
      roles: user.roles,
    });
    if (off !== null) return skip(OF_SWITCH[off]);
    const settings = await this.settings.of(tenantId, manager);
    if (settings.strategy !== 'agent') return null;
    const problem = await this.tools.problem(manager, tenantId, settings);
    return problem === null ? null : skip('tools_unavailable', problem);
  }
}

function skip(reason: SkipReason, detail: string | null = null): Skip {
  return { reason, detail: detail === null ? null : cutText(detail, 300) };
}

/** Who works for the tenant is not greeted, whatever else they are. */
export function isCustomer({ roles }: Pick<User, 'roles'>): boolean {
  return roles.length > 0 && roles.every((role) => role === 'customer');
}

/** The last run that greeted the user. */
export function findGreeting(
  manager: EntityManager,
  { tenantId, userId }: Pick<Candidate, 'tenantId' | 'userId'>,
): Promise<AutomationRun | null> {
  const where = { tenantId, userId, state: 'done', messageId: Not(IsNull()) } as const;
  return manager.findOne(AutomationRun, { where, order: { id: 'DESC' } });
}
