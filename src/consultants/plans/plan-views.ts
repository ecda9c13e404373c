import type { PlanDto, RevisionDto } from './plan-content.dto.js';
import type { PlanWithRevision } from './plans.service.js';
import type { TreatmentPlanRevision } from './treatment-plan-revision.entity.js';

/** A revision as people and agents see it. */
export function revisionOut(revision: TreatmentPlanRevision): RevisionDto {
  const { wishes, content } = revision;
  return {
    number: revision.number,
    based_on: revision.basedOn,
    made_by: revision.madeBy,
    agent_id: revision.agentId,
    agent_version_id: revision.agentVersionId,
    fallback_reason: revision.fallbackReason,
    created_by: revision.createdBy,
    note: revision.note,
    wishes: {
      goals: [...wishes.goals],
      budget_max_cents: wishes.budgetMaxCents,
      start_on: wishes.startOn,
      finish_by: wishes.finishBy,
      health_conditions: [...wishes.conditions],
      without_services: [...wishes.without],
    },
    ...content,
    lines: content.lines.map((line) => ({
      ...line,
      sessions: [...line.sessions],
      because: [...line.because],
      ask_first: [...line.ask_first],
    })),
    derivation: content.derivation.map((step) => ({ ...step, rows: [...step.rows] })),
    changes: revision.changes.map((change) => ({
      ...change,
      reasons: [...change.reasons],
    })) as RevisionDto['changes'],
    created_at: revision.createdAt.toISOString(),
  };
}

/** A plan with the revision that counts. */
export function planOut({ plan, revision }: PlanWithRevision): PlanDto {
  return {
    id: plan.id,
    customer_id: plan.userId,
    state: plan.state,
    revision: plan.revision,
    approved_revision: plan.approvedRevision,
    decided_by: plan.decidedBy,
    decided_at: plan.decidedAt?.toISOString() ?? null,
    decision_note: plan.decisionNote,
    content: revisionOut(revision),
    created_at: plan.createdAt.toISOString(),
    updated_at: plan.updatedAt.toISOString(),
    version: plan.version,
  };
}
