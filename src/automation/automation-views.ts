import type { JobAttempt } from '../jobs/job-attempt.entity.js';
import type { AgentCall } from './agent-call.entity.js';
import type { AutomationRun } from './automation-run.entity.js';
import type { AutomationRunDetailDto, AutomationRunDto } from './automation-runs.dto.js';
import type { RunDetail } from './automation-runs.service.js';
import { type AutomationStep, STEP_EVENTS } from './automation-step.entity.js';

export function toRunDto(run: AutomationRun): AutomationRunDto {
  return summaryOf(run);
}

function summaryOf(run: AutomationRun) {
  return {
    id: run.id,
    user_id: run.userId,
    source: run.source,
    state: run.state,
    skip_reason: run.skipReason,
    skip_detail: run.skipDetail,
    job_id: run.jobId,
    conversation_id: run.conversationId,
    message_id: run.messageId,
    welcomed_by: run.welcomedBy,
    agent_id: run.agentId,
    agent_version_id: run.agentVersionId,
    fallback_reason: run.fallbackReason,
    error_kind: run.errorKind,
    error: run.error,
    created_by: run.createdBy,
    created_at: run.createdAt.toISOString(),
    started_at: timeOf(run.startedAt),
    finished_at: timeOf(run.finishedAt),
    duration_ms: run.durationMs,
  };
}

export function toRunDetailDto({ run, steps, calls, attempts, job }: RunDetail): AutomationRunDetailDto {
  return {
    ...summaryOf(run),
    steps: steps.map(toStepDto),
    agent_calls: calls.map(toCallDto),
    attempts: attempts.map(toAttemptDto),
    next_attempt_at: job?.state === 'queued' ? job.runAt.toISOString() : null,
  };
}

/** Without the result: the text of a welcome belongs to the conversation. */
function toStepDto(step: AutomationStep): AutomationRunDetailDto['steps'][number] {
  return {
    name: step.name,
    step: STEP_EVENTS[step.name],
    state: step.state,
    attempts: step.attempts,
    started_at: timeOf(step.startedAt),
    ended_at: timeOf(step.endedAt),
    duration_ms: step.durationMs,
    error_kind: step.errorKind,
    error: step.error,
  };
}

function toCallDto(call: AgentCall): AutomationRunDetailDto['agent_calls'][number] {
  return {
    agent_id: call.agentId,
    agent_version_id: call.agentVersionId,
    outcome: call.outcome,
    error: call.error,
    duration_ms: call.durationMs,
    first_text_ms: call.firstTextMs,
    created_at: call.createdAt.toISOString(),
  };
}

function toAttemptDto(attempt: JobAttempt): AutomationRunDetailDto['attempts'][number] {
  return {
    number: attempt.number,
    outcome: attempt.outcome,
    step: attempt.step,
    error: attempt.error,
    started_at: timeOf(attempt.startedAt),
    finished_at: attempt.finishedAt.toISOString(),
  };
}

function timeOf(time: Date | null): string | null {
  return time?.toISOString() ?? null;
}
