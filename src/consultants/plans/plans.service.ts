import { Injectable } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { DataSource, type EntityManager } from 'typeorm';
import { AuditTrail } from '../../access/audit/audit-trail.js';
import { type Caller, personOf } from '../../access/caller.js';
import type { UserRef } from '../../crm/tool-arguments.js';
import { ConflictError, NotFoundError } from '../../platform/errors.js';
import { newId } from '../../platform/new-id.js';
import { type ReadVersions, requireVersion } from '../../platform/rest/preconditions.js';
import { betterDraft, type MoreWishes, wishDifferences, withMore } from './better-plan.js';
import type { PlanContent, RuleStep, Wishes } from './plan-case.js';
import { PlanCaseReader } from './plan-case-reader.js';
import { changesBetween, type PlanChange } from './plan-changes.js';
import { PlanNews, type PlanNewsKind } from './plan-news.js';
import { mayTake, type PlanStep } from './plan-state.js';
import { TreatmentPlanWriter, type WrittenPlan } from './treatment-plan-writer.js';
import { TreatmentPlanRevision } from './treatment-plan-revision.entity.js';
import { TreatmentPlan } from './treatment-plan.entity.js';

/** A plan with the revision that counts. */
export type PlanWithRevision = { readonly plan: TreatmentPlan; readonly revision: TreatmentPlanRevision };

/** What a new revision is made of. */
export type NewRevision = WrittenPlan & {
  readonly wishes: Wishes;
  readonly note: string | null;
  readonly changes: readonly PlanChange[];
};

const FIND_NEWEST = `SELECT id FROM treatment_plans WHERE tenant_id = $1 AND user_id = $2 AND state <> 'rejected'
  ORDER BY id DESC LIMIT 1`;
const LAST_NUMBER = `SELECT max(number)::int AS last FROM treatment_plan_revisions WHERE tenant_id = $1 AND plan_id = $2`;

/** Treatment plans: made, made better, and kept with all their revisions. What a consultant decides is in `PlanDecisionsService`. */
@Injectable()
export class PlansService {
  constructor(
    @InjectDataSource() private readonly dataSource: DataSource,
    private readonly cases: PlanCaseReader,
    private readonly writer: TreatmentPlanWriter,
    private readonly news: PlanNews,
    private readonly audit: AuditTrail,
  ) {}

  /**
   * Makes a plan of what is on file and what is asked for.
   *
   * @throws {ConflictError} There is nothing that could be planned, with why in `details`. Nothing is stored.
   */
  async generate(
    caller: Caller,
    ref: UserRef,
    wishes: Wishes,
    signal?: AbortSignal,
  ): Promise<PlanWithRevision> {
    const { tenantId } = caller;
    const { id: userId } = await this.cases.getCustomer(caller, ref);
    const of = await this.cases.read({ tenantId, userId }, wishes);
    const written = await this.writer.write({ tenantId, userId }, of, signal);
    requireLines(written.content);
    return this.dataSource.transaction(async (manager) => {
      const plan = manager.create(TreatmentPlan, {
        id: newId(),
        tenantId,
        userId,
        state: 'proposed',
        revision: 0,
      });
      await manager.insert(TreatmentPlan, plan);
      const made = { ...written, wishes: of.wishes, note: null, changes: [] };
      return this.addRevision(manager, caller, { plan, made, action: 'treatment_plan.generate' });
    });
  }

  /**
   * Makes another revision within other limits, or finds that there is nothing to make better.
   *
   * @returns `isChanged` false: the plan as it is; nothing is stored.
   * @throws {ConflictError} The plan is rejected, was changed meanwhile, or nothing of it would be left.
   */
  async optimize(
    caller: Caller,
    planId: string,
    more: MoreWishes,
    options: { readonly ifMatch?: ReadVersions; readonly signal?: AbortSignal } = {},
  ): Promise<PlanWithRevision & { readonly isChanged: boolean }> {
    const { tenantId } = caller;
    const { plan, revision } = await this.get(caller, planId);
    requireVersion(plan, options.ifMatch);
    requireStep(plan, 'revise');
    const of = await this.cases.read({ tenantId, userId: plan.userId }, withMore(revision.wishes, more));
    const { content: present } = revision;
    const task = { tenantId, userId: plan.userId, present, ownDraft: betterDraft(present, of, more) };
    const written = await this.writer.write(task, of, options.signal);
    requireLines(written.content);
    const others = wishDifferences(revision.wishes, of.wishes);
    const changes = changesBetween(present.lines, written.content.lines, reasonsIn(written, others));
    if (changes.length === 0 && others.length === 0) return { plan, revision, isChanged: false };
    const made = { ...written, wishes: of.wishes, note: null, changes };
    const next = await this.revise(caller, plan, { made, action: 'treatment_plan.optimize' });
    return { ...next, isChanged: true };
  }

  /** @throws {NotFoundError} Not there, or another tenant's. */
  async get({ tenantId }: Caller, id: string): Promise<PlanWithRevision> {
    const { manager } = this.dataSource;
    const plan = await manager.findOneBy(TreatmentPlan, { tenantId, id });
    if (!plan) throw noPlan(id);
    return { plan, revision: await revisionOf(manager, plan) };
  }

  /** Finds the customer's newest plan that is not rejected. @throws {NotFoundError} There is none. */
  async newestOf(caller: Caller, ref: UserRef): Promise<string> {
    const { id: userId, username } = await this.cases.getCustomer(caller, ref);
    const [found] = await this.dataSource.query<{ id: string }[]>(FIND_NEWEST, [caller.tenantId, userId]);
    if (found) return found.id;
    const hint = { tool: 'generate_treatment_plan', how: 'to make one' };
    throw new NotFoundError(`There is no plan for '${username}'`, { hint });
  }

  /**
   * Stores another revision of a plan that was read before.
   *
   * @throws {ConflictError} Somebody changed the plan since.
   */
  async revise(
    caller: Caller,
    read: TreatmentPlan,
    { made, action }: { readonly made: NewRevision; readonly action: string },
  ): Promise<PlanWithRevision> {
    return this.dataSource.transaction(async (manager) => {
      const plan = await lockedPlan(manager, caller, read.id);
      if (plan.version !== read.version)
        throw new ConflictError(
          'The plan was changed by somebody else just now. Look at it and decide again',
        );
      return this.addRevision(manager, caller, { plan, made, action });
    });
  }

  /** Changes a plan's state in one transaction: with what is told of it, and the audit. */
  async settle(
    manager: EntityManager,
    caller: Caller,
    {
      plan,
      action,
      kind,
    }: { readonly plan: TreatmentPlan; readonly action: string; readonly kind: PlanNewsKind },
  ): Promise<void> {
    await manager.save(TreatmentPlan, plan);
    await this.news.tell(manager, plan, { kind, by: personOf(caller) });
    const target = { kind: 'treatment_plan', id: plan.id };
    const after = { state: plan.state, revision: plan.revision, customer_id: plan.userId };
    if (caller.kind === 'user') await this.audit.record(manager, caller, { action, target, after });
  }

  private async addRevision(
    manager: EntityManager,
    caller: Caller,
    {
      plan,
      made,
      action,
    }: { readonly plan: TreatmentPlan; readonly made: NewRevision; readonly action: string },
  ): Promise<PlanWithRevision> {
    const { tenantId, userId, id: planId } = plan;
    const [{ last }] = await manager.query<[{ last: number | null }]>(LAST_NUMBER, [tenantId, planId]);
    const number = (last ?? 0) + 1;
    const revision = manager.create(TreatmentPlanRevision, {
      id: newId(),
      tenantId,
      userId,
      planId,
      number,
      basedOn: number === 1 ? null : plan.revision,
      ...made,
      changes: [...made.changes],
      createdBy: personOf(caller),
      createdAt: new Date(),
    });
    await manager.insert(TreatmentPlanRevision, revision);
    Object.assign(plan, { revision: number, state: 'proposed' });
    await this.settle(manager, caller, { plan, action, kind: 'treatment_plan_proposed' });
    return { plan, revision };
  }
}

/** @throws {NotFoundError} Not there, or another tenant's. */
export async function lockedPlan(
  manager: EntityManager,
  { tenantId }: Caller,
  id: string,
): Promise<TreatmentPlan> {
  const lock = { mode: 'pessimistic_write' } as const;
  const plan = await manager.findOne(TreatmentPlan, { where: { tenantId, id }, lock });
  if (!plan) throw noPlan(id);
  return plan;
}

/** The revision of a plan that counts. */
export function revisionOf(
  manager: EntityManager,
  { tenantId, id: planId, revision: number }: TreatmentPlan,
): Promise<TreatmentPlanRevision> {
  return manager.findOneByOrFail(TreatmentPlanRevision, { tenantId, planId, number });
}

/** @throws {ConflictError} The state of the plan does not allow the step. */
export function requireStep({ state }: TreatmentPlan, step: PlanStep): void {
  if (mayTake(state, step)) return;
  throw new ConflictError(
    state === 'rejected' ? 'This plan is rejected; make another one' : `This plan is ${state} already`,
  );
}

function noPlan(id: string): NotFoundError {
  return new NotFoundError(`No treatment plan ${id}`);
}

/** @throws {ConflictError} The plan is empty. */
function requireLines({ lines, derivation }: PlanContent): void {
  if (lines.length > 0) return;
  const why = derivation
    .filter(({ did }) => did !== 'chosen')
    .map(({ service, text }) => `${service}: ${text}`);
  throw new ConflictError(
    why.length === 0
      ? 'Nothing on file says what the customer wants that you offer; give goals'
      : `Nothing can be planned. ${why.join('; ')}`,
    { details: derivation.map(({ rule, did, service, text }) => ({ rule, did, service, text })) },
  );
}

function reasonsIn({ content, madeBy }: WrittenPlan, others: readonly string[]) {
  const textsOf = (code: string, did: readonly RuleStep['did'][]) =>
    content.derivation
      .filter((step) => step.service === code && did.includes(step.did))
      .map(({ rule, text }) => `${rule}: ${text}`);
  return (code: string, kind: PlanChange['kind']): string[] => {
    const told = textsOf(code, kind === 'removed' ? ['removed', 'refused'] : ['reduced', 'moved']);
    const line = content.lines.find(({ service }) => service.code === code);
    const rows = line?.because.filter(({ table }) => table !== 'projects') ?? [];
    if (kind === 'added') told.push(...rows.map(({ field, value }) => `${field}: ${value}`));
    if (told.length === 0) told.push(...others);
    return told.length > 0
      ? told
      : [madeBy === 'agent' ? 'proposed by the agent' : 'by the rows as they are now'];
  };
}
