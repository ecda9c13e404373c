import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { Type as As } from 'class-transformer';
import { ArrayMaxSize, IsArray, IsIn, IsInt, Matches, Max, Min, IsOptional } from 'class-validator';
import { MayBeAbsent, PageQueryDto, TimeText } from '../platform/rest/rest.dto.js';
import { JOB_OUTCOMES, type JobOutcome } from './job-attempt.entity.js';
import { RETRIES_MAX, RETRY_SECONDS_MAX, TIMEOUT_SECONDS_MAX } from './job-registry.js';
import { JOB_STATES, type JobState } from './job.entity.js';

const KIND = /^[a-z0-9][a-z0-9_.-]{0,63}$/;
const KIND_WRONG = 'kind must be 1 to 64 of a-z, 0-9, ., _ and -';
const KIND_EXAMPLE = 'jobs.cleanup';
const HOURS_MAX = 168;

export class JobQueryDto extends PageQueryDto {
  @ApiPropertyOptional({ enum: JOB_STATES, description: 'dead: failed as often as its plan allows' })
  @MayBeAbsent()
  @IsIn(JOB_STATES)
  state?: JobState;

  @ApiPropertyOptional({ pattern: KIND.source, example: KIND_EXAMPLE, description: 'Only jobs of this kind' })
  @MayBeAbsent()
  @Matches(KIND, { message: KIND_WRONG })
  kind?: string;
}

export class JobMetricsQueryDto {
  @ApiPropertyOptional({
    minimum: 1,
    maximum: HOURS_MAX,
    default: 24,
    description: 'Runs that ended in the last so many hours',
  })
  @MayBeAbsent()
  @As(() => Number)
  @IsInt()
  @Min(1)
  @Max(HOURS_MAX)
  hours: number = 24;
}

/** `:kind` of a path. */
export class JobKindParam {
  @ApiProperty({
    pattern: KIND.source,
    example: KIND_EXAMPLE,
    description: 'As the list of settings gives it',
  })
  @Matches(KIND, { message: KIND_WRONG })
  kind: string;
}

export class PurgeDeadJobsDto {
  @ApiPropertyOptional({ pattern: KIND.source, example: KIND_EXAMPLE, description: 'Absent: of every kind' })
  @MayBeAbsent()
  @Matches(KIND, { message: KIND_WRONG })
  kind?: string;

  @ApiPropertyOptional({ format: 'date-time', description: 'Only those that died before; absent: all' })
  @MayBeAbsent()
  @TimeText()
  before?: string;
}

export class PutJobSettingDto {
  @ApiPropertyOptional({
    type: [Number],
    example: [5, 15, 60],
    description: 'Seconds before each further attempt; empty: there is one attempt',
  })
  @MayBeAbsent()
  @IsArray()
  @ArrayMaxSize(RETRIES_MAX)
  @IsInt({ each: true })
  @Min(0, { each: true })
  @Max(RETRY_SECONDS_MAX, { each: true })
  retry_seconds?: number[];

  @ApiPropertyOptional({
    type: Number,
    nullable: true,
    minimum: 1,
    maximum: TIMEOUT_SECONDS_MAX,
    description: 'Longest run; null: as the author of the kind wrote',
  })
  @IsOptional()
  @IsInt()
  @Min(1)
  @Max(TIMEOUT_SECONDS_MAX)
  timeout_seconds?: number | null;
}

export class JobProgressDto {
  @ApiProperty()
  done: number;

  @ApiPropertyOptional()
  total?: number;

  @ApiPropertyOptional()
  message?: string;
}

export class JobDto {
  @ApiProperty({ format: 'uuid' })
  id: string;

  @ApiProperty({ example: KIND_EXAMPLE })
  kind: string;

  @ApiProperty({ enum: JOB_STATES })
  state: JobState;

  @ApiProperty({ description: 'The smaller goes first' })
  priority: number;

  @ApiProperty({ description: 'Attempts that failed, as the retry plan counts them' })
  attempts: number;

  @ApiProperty({ format: 'date-time', description: 'Not before' })
  run_at: string;

  @ApiProperty({ type: String, nullable: true })
  unique_key: string | null;

  @ApiProperty({ type: String, nullable: true, description: 'Who runs it, or ran it last' })
  replica: string | null;

  @ApiProperty({ type: JobProgressDto, nullable: true })
  progress: JobProgressDto | null;

  @ApiProperty({ type: String, nullable: true })
  last_error: string | null;

  @ApiProperty({ format: 'date-time' })
  created_at: string;

  @ApiProperty({ type: String, format: 'date-time', nullable: true, description: 'Of the last run' })
  started_at: string | null;

  @ApiProperty({ type: String, format: 'date-time', nullable: true })
  finished_at: string | null;
}

export class JobAttemptDto {
  @ApiProperty({ description: 'Counts the runs, from 1' })
  number: number;

  @ApiProperty({
    enum: JOB_OUTCOMES,
    description:
      'lost: its process died or hung. released: its process stopped and put it back. Neither is a failed attempt',
  })
  outcome: JobOutcome;

  @ApiProperty({ type: String, nullable: true })
  replica: string | null;

  @ApiProperty({ type: String, nullable: true, description: 'That failed' })
  step: string | null;

  @ApiProperty({ type: String, nullable: true })
  error: string | null;

  @ApiProperty({ type: String, format: 'date-time', nullable: true })
  started_at: string | null;

  @ApiProperty({ format: 'date-time' })
  finished_at: string;
}

export class JobStepDto {
  @ApiProperty()
  name: string;

  @ApiProperty({ description: 'Number of the run that did it' })
  attempt: number;

  @ApiProperty()
  duration_ms: number;

  @ApiProperty({ format: 'date-time' })
  finished_at: string;

  @ApiProperty({ nullable: true, description: 'What it gave, with secrets masked', type: Object })
  result: unknown;
}

export class JobDetailDto extends JobDto {
  @ApiProperty({ type: Object, additionalProperties: true })
  payload: object;

  @ApiProperty({ type: [Number], description: 'Seconds before each further attempt, as they count now' })
  retry_seconds: readonly number[];

  @ApiProperty({ type: [JobAttemptDto], description: 'Runs that ended, the last 100, in their order' })
  attempt_list: JobAttemptDto[];

  @ApiProperty({ type: [JobStepDto], description: 'Steps that are done: no later run does them again' })
  steps: JobStepDto[];
}

export class PurgedDto {
  @ApiProperty({ description: 'Dead letters that were removed' })
  purged: number;

  @ApiProperty({ description: 'There are more: purge again' })
  more: boolean;
}

export class JobSettingDto {
  @ApiProperty({ example: KIND_EXAMPLE })
  kind: string;

  @ApiProperty()
  description: string;

  @ApiProperty({ type: [Number], description: 'Seconds before each further attempt' })
  retry_seconds: readonly number[];

  @ApiProperty({ description: 'Longest run' })
  timeout_seconds: number;

  @ApiProperty({ type: [Number], description: 'As the author of the kind wrote' })
  default_retry_seconds: readonly number[];

  @ApiProperty({ description: 'As the author of the kind wrote' })
  default_timeout_seconds: number;

  @ApiProperty({ type: Number, nullable: true, description: 'At a time on each replica' })
  concurrency_per_replica: number | null;

  @ApiProperty({ type: Number, nullable: true, description: 'At a time over all replicas and tenants' })
  concurrency_total: number | null;

  @ApiProperty({
    type: String,
    nullable: true,
    example: '17 3 * * *',
    description: 'When it makes itself, in UTC',
  })
  schedule: string | null;

  @ApiProperty({ description: 'Grows with each change; also the ETag, for If-Match. 0: nothing is set' })
  version: number;
}

class JobOutcomeCountDto {
  @ApiProperty({ enum: JOB_OUTCOMES })
  outcome: JobOutcome;

  @ApiProperty()
  runs: number;

  @ApiProperty({ type: Number, nullable: true })
  average_ms: number | null;

  @ApiProperty({ type: Number, nullable: true })
  p95_ms: number | null;
}

export class JobMetricsDto {
  @ApiProperty()
  kind: string;

  @ApiProperty({ description: 'Waiting, those for a later time included' })
  queued: number;

  @ApiProperty({ description: 'Waiting although their time has come' })
  due: number;

  @ApiProperty()
  running: number;

  @ApiProperty()
  dead: number;

  @ApiProperty({
    type: Number,
    nullable: true,
    description: 'How long the first one that is due has been waiting',
  })
  oldest_due_seconds: number | null;

  @ApiProperty({ type: [JobOutcomeCountDto] })
  runs: JobOutcomeCountDto[];
}
