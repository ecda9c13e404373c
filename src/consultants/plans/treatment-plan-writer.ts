import { Injectable } from '@nestjs/common';
import { AgentGateway } from '../../agents/agent-gateway.js';
import type { AnsweredBy } from '../../agents/agent-reply.js';
import { readProposal } from './agent-proposal.js';
import type { DraftLine, Evidence, PlanCase, PlanContent } from './plan-case.js';
import { planOf } from './plan-rules.js';
import type { FallbackReason, PlanMaker } from './plan-state.js';
import { questionOf } from './plan-question.js';
import { reasonsByService, ruleDraft } from './rule-plan.js';

/** The purpose under which agents are put in order: see docs/agents.md. */
const PLAN_PURPOSE = 'treatment_plan';
/** AGENT_HARD_BUDGET_MS ends the asking before; where it is set higher, this keeps within the tools' time. */
const ASKED_MAX_MS = 45_000;

export type WrittenPlan = {
  readonly madeBy: PlanMaker;
  readonly agentId: string | null;
  readonly agentVersionId: string | null;
  readonly fallbackReason: FallbackReason | null;
  readonly content: PlanContent;
};

type Asked =
  { readonly draft: readonly DraftLine[]; readonly by: AnsweredBy } | { readonly why: FallbackReason };

/** Who the plan is for, and what there is already. */
export type PlanTask = {
  readonly tenantId: string;
  readonly userId: string;
  /** The plan that is to be made better. */
  readonly present?: PlanContent;
  /** What to make of it without an agent. */
  readonly ownDraft?: readonly DraftLine[];
};

/** Finds a plan: an agent's as far as the rules leave it, or one by rules alone. */
@Injectable()
export class TreatmentPlanWriter {
  constructor(private readonly gateway: AgentGateway) {}

  /**
   * Never fails for what an agent does. The plan has no lines where no row speaks for any service that the rules allow.
   *
   * @throws What the signal aborted with.
   */
  async write(task: PlanTask, of: PlanCase, signal?: AbortSignal): Promise<WrittenPlan> {
    const asked = await this.ask(task, of, signal);
    if ('why' in asked) return byRules(task, of, asked.why);
    const reasons = reasonsByService(of);
    const content = planOf(
      asked.draft.map((line) => withRows(line, of, reasons)),
      of,
    );
    if (content.lines.length === 0) return byRules(task, of, 'nothing_left');
    const { agentId, versionId: agentVersionId } = asked.by;
    return { madeBy: 'agent', agentId, agentVersionId, fallbackReason: null, content };
  }

  private async ask(
    { tenantId, userId, present }: PlanTask,
    of: PlanCase,
    signal?: AbortSignal,
  ): Promise<Asked> {
    const { query, inputs, rows } = questionOf(of, userId, present?.lines);
    const time = AbortSignal.timeout(ASKED_MAX_MS);
    const reply = await this.gateway.ask(
      { tenantId },
      {
        purpose: PLAN_PURPOSE,
        user: userId,
        query,
        inputs,
        signal: signal ? AbortSignal.any([signal, time]) : time,
      },
    );
    signal?.throwIfAborted(); // nobody waits any more; that is no failure of the agent
    if (!reply.ok) return { why: reply.reason === 'cancelled' ? 'timeout' : reply.reason };
    const draft = readProposal(reply.text, rows);
    return draft ? { draft, by: reply.by } : { why: 'unusable' };
  }
}

function byRules({ ownDraft }: PlanTask, of: PlanCase, why: FallbackReason): WrittenPlan {
  const { draft, steps } = ownDraft ? { draft: ownDraft, steps: [] } : ruleDraft(of);
  const content = planOf(draft, of, steps);
  return { madeBy: 'rules', agentId: null, agentVersionId: null, fallbackReason: why, content };
}

/** What the agent named, and what speaks for the service by our own reading. */
function withRows(
  line: DraftLine,
  of: PlanCase,
  reasons: ReadonlyMap<string, readonly Evidence[]>,
): DraftLine {
  const service = of.services.find(({ id, code }) => id === line.service || code === line.service);
  if (!service) return line;
  const own = reasons.get(service.id) ?? [];
  const isOwn = (row: Evidence) => own.some((one) => JSON.stringify(one) === JSON.stringify(row));
  return { ...line, because: [...own, ...line.because.filter((row) => !isOwn(row))] };
}
