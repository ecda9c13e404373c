import { Injectable } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { DataSource } from 'typeorm';
import type { UserCaller } from '../../access/caller.js';
import { ConflictError, InvalidInputError } from '../../platform/errors.js';
import { type ReadVersions, requireVersion } from '../../platform/rest/preconditions.js';
import { consultantsContent, type ConsultantsLine } from './consultants-lines.js';
import { PlanCaseReader } from './plan-case-reader.js';
import { changesBetween } from './plan-changes.js';
import { type Violation, violationsOf } from './plan-violations.js';
import { lockedPlan, PlansService, type PlanWithRevision, requireStep, revisionOf } from './plans.service.js';

type Decision = { readonly note: string | null; readonly ifMatch?: ReadVersions };

/** What consultants do with plans: change them, approve them, reject them. */
@Injectable()
export class PlanDecisionsService {
  constructor(
    @InjectDataSource() private readonly dataSource: DataSource,
    private readonly cases: PlanCaseReader,
    private readonly plans: PlansService,
  ) {}

  /**
   * Puts a consultant's own lines in the place of what is there, as another revision.
   *
   * @returns `isChanged` false: they are there already, with the same note or none; nothing is stored.
   * @throws {InvalidInputError} They break a rule that holds for everybody; `details` names each.
   */
  async change(
    caller: UserCaller,
    id: string,
    { lines, note, ifMatch }: Decision & { readonly lines: readonly ConsultantsLine[] },
  ): Promise<PlanWithRevision & { readonly isChanged: boolean }> {
    const { plan, revision } = await this.plans.get(caller, id);
    requireVersion(plan, ifMatch);
    requireStep(plan, 'revise');
    const of = await this.cases.read(plan, revision.wishes);
    const content = consultantsContent(lines, of, caller.userId);
    const broken = violationsOf(content.lines, of);
    if (broken.length > 0) {
      const details = broken.map(({ rule, service, text }) => ({
        field: 'lines',
        message: `${service}: ${text}`,
        rule,
      }));
      throw new InvalidInputError('The plan breaks a rule that holds for every plan', { details });
    }
    const changes = changesBetween(revision.content.lines, content.lines, () => [
      note ?? 'changed by a consultant',
    ]);
    if (changes.length === 0 && (note ?? revision.note) === revision.note)
      return { plan, revision, isChanged: false };
    const origin = {
      madeBy: 'consultant',
      agentId: null,
      agentVersionId: null,
      fallbackReason: null,
    } as const;
    const made = { ...origin, content, wishes: of.wishes, note, changes };
    const next = await this.plans.revise(caller, plan, { made, action: 'treatment_plan.change' });
    return { ...next, isChanged: true };
  }

  /**
   * Puts the revision that counts in force. The rules are asked again, by the rows as they are now: an allergy may have come to light since.
   *
   * @throws {ConflictError} It is decided already, or breaks a rule by now.
   */
  async approve(caller: UserCaller, id: string, { note, ifMatch }: Decision): Promise<PlanWithRevision> {
    return this.dataSource.transaction(async (manager) => {
      const plan = await lockedPlan(manager, caller, id);
      requireVersion(plan, ifMatch);
      requireStep(plan, 'approve');
      const revision = await revisionOf(manager, plan);
      const of = await this.cases.read(plan, revision.wishes, manager);
      requireNone(violationsOf(revision.content.lines, of));
      const decided = { decidedBy: caller.userId, decidedAt: new Date(), decisionNote: note };
      Object.assign(plan, { state: 'approved', approvedRevision: plan.revision, ...decided });
      const kind = 'treatment_plan_approved';
      await this.plans.settle(manager, caller, { plan, action: 'treatment_plan.approve', kind });
      return { plan, revision };
    });
  }

  /**
   * Refuses what is proposed. A plan that was approved before stays in force as it was then; one that never was is over.
   *
   * @throws {ConflictError} Nothing is proposed.
   */
  async reject(caller: UserCaller, id: string, { note, ifMatch }: Decision): Promise<PlanWithRevision> {
    return this.dataSource.transaction(async (manager) => {
      const plan = await lockedPlan(manager, caller, id);
      requireVersion(plan, ifMatch);
      requireStep(plan, 'reject');
      const before = plan.approvedRevision;
      const back = before === null ? { state: 'rejected' } : { state: 'approved', revision: before };
      const decided = { decidedBy: caller.userId, decidedAt: new Date(), decisionNote: note };
      Object.assign(plan, { ...back, ...decided });
      const kind = 'treatment_plan_rejected';
      await this.plans.settle(manager, caller, { plan, action: 'treatment_plan.reject', kind });
      return { plan, revision: await revisionOf(manager, plan) };
    });
  }
}

function requireNone(broken: readonly Violation[]): void {
  if (broken.length === 0) return;
  throw new ConflictError('The plan breaks a rule by now; change or optimize it', { details: broken });
}
