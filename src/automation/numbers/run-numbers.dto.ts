import { ApiProperty } from '@nestjs/swagger';

const RATE = 'Done of done and failed, 0 to 1; null: none of either';

export class RunsDto {
  @ApiProperty({ example: 120, description: 'Accounts that people registered' })
  registrations: number;

  @ApiProperty({ example: 121, description: 'Runs that were made, of whatever state they are in now' })
  runs: number;

  @ApiProperty({ example: 0 })
  queued: number;

  @ApiProperty({ example: 1 })
  running: number;

  @ApiProperty({ example: 108 })
  done: number;

  @ApiProperty({ example: 1, description: 'Failed as often as the retry plan allows; waiting for a person' })
  failed: number;

  @ApiProperty({ example: 11, description: 'Not to be done: see `skipped` for the reasons' })
  skipped: number;

  @ApiProperty({ example: 101 })
  welcomed_by_agent: number;

  @ApiProperty({ example: 7 })
  welcomed_by_template: number;

  @ApiProperty({ type: Number, nullable: true, example: 0.990826, description: RATE })
  success_rate: number | null;

  @ApiProperty({
    type: Number,
    nullable: true,
    example: 2140.5,
    description: 'Of the done: first start, or last retry by hand, to end; waiting for the plan included',
  })
  average_ms: number | null;

  @ApiProperty({ type: Number, nullable: true, example: 1904 })
  median_ms: number | null;

  @ApiProperty({ type: Number, nullable: true, example: 4870.2 })
  p95_ms: number | null;

  @ApiProperty({
    type: Number,
    nullable: true,
    example: 12.4,
    description: 'From the making of a run to its first start, for runs that wait in a row of their own',
  })
  average_wait_ms: number | null;
}

export class DayDto {
  @ApiProperty({ format: 'date', example: '2026-10-25', description: 'In the time zone that was asked for' })
  date: string;

  @ApiProperty({ format: 'date-time', example: '2026-10-24T22:00:00.000Z' })
  starts_at: string;

  @ApiProperty({ example: 120 })
  registrations: number;

  @ApiProperty({ example: 121 })
  runs: number;

  @ApiProperty({ example: 108 })
  done: number;

  @ApiProperty({ example: 1 })
  failed: number;

  @ApiProperty({ example: 11 })
  skipped: number;

  @ApiProperty({ type: Number, nullable: true, example: 0.990826, description: RATE })
  success_rate: number | null;

  @ApiProperty({ type: Number, nullable: true, example: 0.064815, description: 'As in `fallback`' })
  fallback_rate: number | null;

  @ApiProperty({ type: Number, nullable: true, example: 2140.5, description: 'Of the done' })
  average_ms: number | null;
}

export class HourDto {
  @ApiProperty({ format: 'date-time', example: '2026-10-25T07:00:00.000Z' })
  starts_at: string;

  @ApiProperty({ example: '08:00', description: 'What a clock in the time zone shows then' })
  clock: string;

  @ApiProperty({ example: 9 })
  registrations: number;

  @ApiProperty({ example: 9 })
  runs: number;

  @ApiProperty({ example: 8 })
  done: number;

  @ApiProperty({ example: 0 })
  failed: number;

  @ApiProperty({ example: 1 })
  skipped: number;
}

export class CountByReasonDto {
  @ApiProperty({ example: 'timeout' })
  reason: string;

  @ApiProperty({ example: 4 })
  runs: number;
}

export class FallbackDto {
  @ApiProperty({ example: 108, description: 'Welcomes that an agent was to write' })
  welcomes: number;

  @ApiProperty({ example: 7, description: 'Of these, how many the template gave' })
  fallbacks: number;

  @ApiProperty({ type: Number, nullable: true, example: 0.064815, description: '0 to 1; null: no welcomes' })
  rate: number | null;

  @ApiProperty({ type: [CountByReasonDto], description: 'The most frequent first' })
  reasons: CountByReasonDto[];
}
