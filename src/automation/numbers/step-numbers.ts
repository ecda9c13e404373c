import { ApiProperty } from '@nestjs/swagger';
import type { EntityManager } from 'typeorm';
import { STEP_NAMES, type StepName } from '../automation-step.entity.js';
import { rate, toTenths } from './figures.js';

const STEPS = `SELECT name, count(*) FILTER (WHERE state = 'done')::int AS done,
    count(*) FILTER (WHERE state = 'failed')::int AS failed, count(*) FILTER (WHERE state = 'skipped')::int AS skipped,
    count(*) FILTER (WHERE state = 'running')::int AS running, count(*) FILTER (WHERE attempts > 1)::int AS repeated,
    (avg(duration_ms) FILTER (WHERE state = 'done'))::float8 AS average,
    percentile_cont(0.95) WITHIN GROUP (ORDER BY duration_ms) FILTER (WHERE state = 'done') AS p95
  FROM automation_steps WHERE tenant_id = $1 AND started_at >= $2 AND started_at < $3 GROUP BY name`;

type Row = {
  readonly name: StepName;
  readonly done: number;
  readonly failed: number;
  readonly skipped: number;
  readonly running: number;
  readonly repeated: number;
  readonly average: number | null;
  readonly p95: number | null;
};
const NONE = { done: 0, failed: 0, skipped: 0, running: 0, repeated: 0, average: null, p95: null } as const;

export class StepDto {
  @ApiProperty({ enum: STEP_NAMES, example: 'welcome' })
  name: StepName;

  @ApiProperty({ example: 108 })
  done: number;

  @ApiProperty({ example: 1, description: 'Of the last attempt; some of them may be waiting for the next' })
  failed: number;

  @ApiProperty({ example: 0, description: 'The strategy has no need of it' })
  skipped: number;

  @ApiProperty({ example: 0 })
  running: number;

  @ApiProperty({ example: 3, description: 'Begun more than once, whatever came of it' })
  repeated: number;

  @ApiProperty({
    type: Number,
    nullable: true,
    example: 0.990826,
    description: 'Done of done and failed, 0 to 1',
  })
  success_rate: number | null;

  @ApiProperty({ type: Number, nullable: true, example: 1890.4, description: 'Of the attempt that was done' })
  average_ms: number | null;

  @ApiProperty({ type: Number, nullable: true, example: 4210 })
  p95_ms: number | null;
}

/** Of the steps whose last attempt began in a time; each step of a greeting is there, in their order. */
export async function readSteps(
  manager: EntityManager,
  tenantId: string,
  { from, to }: { readonly from: Date; readonly to: Date },
): Promise<StepDto[]> {
  const rows = await manager.query<Row[]>(STEPS, [tenantId, from, to]);
  return STEP_NAMES.map((name) => {
    const { done, failed, skipped, running, repeated, ...row } =
      rows.find((found) => found.name === name) ?? NONE;
    return {
      name,
      done,
      failed,
      skipped,
      running,
      repeated,
      success_rate: rate(done, done + failed),
      average_ms: toTenths(row.average),
      p95_ms: toTenths(row.p95),
    };
  });
}
