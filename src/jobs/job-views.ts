import { toLogJson } from '../platform/secrets/redact.js';
import type { JobAttempt } from './job-attempt.entity.js';
import type { JobKind } from './job-registry.js';
import type { JobSetting } from './job-setting.entity.js';
import type { JobStep } from './job-step.entity.js';
import type { Job } from './job.entity.js';
import type { JobAttemptDto, JobDetailDto, JobDto, JobSettingDto, JobStepDto } from './jobs.dto.js';

const SHOWN_MAX_BYTES = 65_536;

/** A job with all that is known of it. */
export type JobDetail = {
  readonly job: Job;
  readonly retrySeconds: readonly number[];
  readonly attempts: readonly JobAttempt[];
  readonly steps: readonly JobStep[];
};

export function toJobDto(job: Job): JobDto {
  return summaryOf(job);
}

function summaryOf(job: Job) {
  return {
    id: job.id,
    kind: job.kind,
    state: job.state,
    priority: job.priority,
    attempts: job.attempts,
    run_at: job.runAt.toISOString(),
    unique_key: job.uniqueKey,
    replica: job.replica,
    progress: masked(job.progress) as Job['progress'],
    last_error: job.lastError,
    created_at: job.createdAt.toISOString(),
    started_at: job.startedAt?.toISOString() ?? null,
    finished_at: job.finishedAt?.toISOString() ?? null,
  };
}

export function toJobDetailDto({ job, retrySeconds, attempts, steps }: JobDetail): JobDetailDto {
  return {
    ...summaryOf(job),
    payload: masked(job.payload) as object,
    retry_seconds: retrySeconds,
    attempt_list: attempts.map(toAttemptDto),
    steps: steps.map(toStepDto),
  };
}

export function toJobSettingDto(kind: JobKind, set: JobSetting | undefined): JobSettingDto {
  return {
    kind: kind.kind,
    description: kind.description,
    retry_seconds: set?.retrySeconds ?? kind.retrySeconds,
    timeout_seconds: set?.timeoutSeconds ?? kind.timeoutSeconds,
    default_retry_seconds: kind.retrySeconds,
    default_timeout_seconds: kind.timeoutSeconds,
    concurrency_per_replica: kind.concurrency?.perReplica ?? null,
    concurrency_total: kind.concurrency?.total ?? null,
    schedule: kind.schedule?.cron.text ?? null,
    version: set?.version ?? 0,
  };
}

function toAttemptDto(attempt: JobAttempt): JobAttemptDto {
  return {
    number: attempt.number,
    outcome: attempt.outcome,
    replica: attempt.replica,
    step: attempt.step,
    error: attempt.error,
    started_at: attempt.startedAt?.toISOString() ?? null,
    finished_at: attempt.finishedAt.toISOString(),
  };
}

function toStepDto(step: JobStep): JobStepDto {
  return {
    name: step.name,
    attempt: step.attempt,
    duration_ms: step.durationMs,
    finished_at: step.finishedAt.toISOString(),
    result: masked(step.result),
  };
}

/** A step may give what an agent wrote; what looks like a secret in it is shown to nobody. */
function masked(value: unknown): unknown {
  return JSON.parse(toLogJson(value, SHOWN_MAX_BYTES) ?? 'null') as unknown;
}
