import { ApiProperty } from '@nestjs/swagger';
import type { EntityManager } from 'typeorm';
import { GIVE_UP_JOB, GREET_JOB } from '../greet-job.js';
import { toTenths } from './figures.js';

const QUEUE = `SELECT count(*) FILTER (WHERE state = 'queued')::int AS waiting,
    count(*) FILTER (WHERE state = 'queued' AND run_at <= now())::int AS due,
    count(*) FILTER (WHERE state = 'running')::int AS running, count(*) FILTER (WHERE state = 'dead')::int AS dead,
    extract(epoch FROM now() - min(run_at) FILTER (WHERE state = 'queued' AND run_at <= now()))::float8 AS "oldestDue",
    (SELECT count(*)::int FROM domain_events WHERE tenant_id = $1 AND kind = 'user.registered' AND picked_up_at IS NULL) AS events
  FROM jobs WHERE tenant_id = $1 AND state IN ('queued', 'running', 'dead') AND kind = ANY ($2)`;

type Row = {
  readonly waiting: number;
  readonly due: number;
  readonly running: number;
  readonly dead: number;
  readonly oldestDue: number | null;
  readonly events: number;
};

export class QueueDto {
  @ApiProperty({ example: 0, description: 'Registrations that no job was made of yet' })
  events: number;

  @ApiProperty({ example: 2, description: 'Jobs that wait, those for a later time included' })
  waiting: number;

  @ApiProperty({ example: 1, description: 'Of these, those whose time has come' })
  due: number;

  @ApiProperty({ example: 3 })
  running: number;

  @ApiProperty({ example: 1, description: 'Failed for good; a person may retry them' })
  dead: number;

  @ApiProperty({
    type: Number,
    nullable: true,
    example: 0.4,
    description: 'How long the first one that is due has been waiting',
  })
  oldest_due_seconds: number | null;
}

/** The automation's jobs, now. */
export async function readQueue(manager: EntityManager, tenantId: string): Promise<QueueDto> {
  const [row] = await manager.query<[Row]>(QUEUE, [tenantId, [GREET_JOB, GIVE_UP_JOB]]);
  const { oldestDue, ...counts } = row;
  return { ...counts, oldest_due_seconds: toTenths(oldestDue) };
}
