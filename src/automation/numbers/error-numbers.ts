import { ApiProperty } from '@nestjs/swagger';
import type { EntityManager } from 'typeorm';
import { CUSTOMER_NOTICES } from './consultant-numbers.js';

const ERROR_GROUPS_MAX = 50;
const SOURCES = ['run', 'attempt', 'agent', 'notification'] as const;

/**
 * `run`: the error that a run ended with, or waits with for its next attempt. `attempt`: each one that failed, also where a later one
 * went well; jobs are kept for a while only. `agent`: requests without an answer. `notification`: deliveries that were given up.
 * Of each kind the newest row is told.
 */
const ERRORS = `WITH errors AS (
    SELECT 'run' AS source, error_kind AS kind, error AS message, coalesce(finished_at, started_at, created_at) AS at, id AS run_id,
      (SELECT s.name FROM automation_steps s WHERE s.run_id = r.id AND s.state = 'failed' LIMIT 1) AS place
    FROM automation_runs r WHERE tenant_id = $1 AND created_at >= $2 AND created_at < $3 AND error_kind IS NOT NULL
    UNION ALL
    SELECT 'attempt', a.outcome, a.error, a.finished_at, r.id, a.step
    FROM job_attempts a JOIN automation_runs r ON r.tenant_id = $1 AND r.job_id = a.job_id
    WHERE a.tenant_id = $1 AND a.finished_at >= $2 AND a.finished_at < $3 AND a.outcome IN ('failed', 'timed_out', 'lost')
    UNION ALL
    SELECT 'agent', outcome, error, created_at, run_id, agent_version_id::text
    FROM agent_calls WHERE tenant_id = $1 AND created_at >= $2 AND created_at < $3 AND outcome <> 'ok'
    UNION ALL
    SELECT 'notification', coalesce(provider_status::text, 'failed'), last_error, created_at, NULL, channel_kind
    FROM notification_deliveries WHERE tenant_id = $1 AND created_at >= $2 AND created_at < $3 AND state = 'failed'
      AND kind IN ${CUSTOMER_NOTICES}),
  numbered AS (SELECT *, count(*) OVER kinds AS count, row_number() OVER (kinds ORDER BY at DESC, run_id DESC) AS place_in_kind
    FROM errors WINDOW kinds AS (PARTITION BY source, kind, place))
  SELECT source, kind, place, count::int, at, message, run_id AS "runId"
  FROM numbered WHERE place_in_kind = 1 ORDER BY at DESC, source, kind, place LIMIT ${ERROR_GROUPS_MAX}`;

type Row = {
  readonly source: (typeof SOURCES)[number];
  readonly kind: string;
  readonly place: string | null;
  readonly count: number;
  readonly at: Date;
  readonly message: string | null;
  readonly runId: string | null;
};

export class ErrorGroupDto {
  @ApiProperty({
    enum: SOURCES,
    example: 'agent',
    description:
      'run: it waits for its next attempt or a person; attempt: one of a run that failed; agent: a request without an answer; ' +
      'notification: a delivery that was given up',
  })
  source: (typeof SOURCES)[number];

  @ApiProperty({ example: 'rate_limited', description: 'What errors are grouped by, with the place' })
  kind: string;

  @ApiProperty({
    type: String,
    nullable: true,
    example: '0199d2a8-5c1e-7b3a-9f00-3f6f1c9a2b11',
    description: 'The step, the version of the agent, or the kind of channel',
  })
  place: string | null;

  @ApiProperty({ example: 6 })
  count: number;

  @ApiProperty({ format: 'date-time', example: '2026-10-25T07:12:09.120Z' })
  last_at: string;

  @ApiProperty({ type: String, nullable: true, example: 'Too many requests', description: 'Of the last one' })
  last_message: string | null;

  @ApiProperty({
    type: String,
    format: 'uuid',
    nullable: true,
    description: 'Of the last one, for GET /admin/automation/runs/{id}; null: it belongs to no run',
  })
  example_run_id: string | null;
}

/** The last one first, at most 50 kinds. */
export async function readErrors(
  manager: EntityManager,
  tenantId: string,
  { from, to }: { readonly from: Date; readonly to: Date },
): Promise<ErrorGroupDto[]> {
  const rows = await manager.query<Row[]>(ERRORS, [tenantId, from, to]);
  return rows.map(({ source, kind, place, count, at, message, runId }) => ({
    source,
    kind,
    place,
    count,
    last_at: at.toISOString(),
    last_message: message,
    example_run_id: runId,
  }));
}
