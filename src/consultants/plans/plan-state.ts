export const PLAN_STATES = ['proposed', 'approved', 'rejected'] as const;
export type PlanState = (typeof PLAN_STATES)[number];

/** `rules`: no agent answered with something that could be used. */
export const PLAN_MAKERS = ['agent', 'rules', 'consultant'] as const;
export type PlanMaker = (typeof PLAN_MAKERS)[number];

/** `unusable`: the answer held no proposal; `nothing_left`: the rules left nothing of it. */
export const FALLBACK_REASONS = ['no_agent', 'failed', 'timeout', 'unusable', 'nothing_left'] as const;
export type FallbackReason = (typeof FALLBACK_REASONS)[number];

export type PlanStep = 'revise' | 'approve' | 'reject';

const STEPS: Readonly<Record<PlanState, readonly PlanStep[]>> = {
  proposed: ['revise', 'approve', 'reject'],
  approved: ['revise'],
  rejected: [],
};

/** Whether a plan in this state may take the step. A rejected one takes none: another plan is made. */
export function mayTake(state: PlanState, step: PlanStep): boolean {
  return STEPS[state].includes(step);
}
