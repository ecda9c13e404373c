import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { IsBoolean, IsIn, IsUUID } from 'class-validator';
import { MayBeAbsent, PageQueryDto, Time } from '../platform/rest/rest.dto.js';
import { JOB_OUTCOMES, type JobOutcome } from '../jobs/job-attempt.entity.js';
import {
  FALLBACK_REASONS,
  type FallbackReason,
  RUN_SOURCES,
  RUN_STATES,
  type RunSource,
  type RunState,
  SKIP_REASONS,
  type SkipReason,
} from './automation-run.entity.js';
import {
  STEP_EVENTS,
  STEP_NAMES,
  STEP_STATES,
  type StepName,
  type StepState,
} from './automation-step.entity.js';

const GREETERS = ['agent', 'template'] as const;

export class AutomationRunQueryDto extends PageQueryDto {
  @ApiPropertyOptional({ enum: RUN_STATES, description: 'failed: it waits for a person' })
  @MayBeAbsent()
  @IsIn(RUN_STATES)
  state?: RunState;

  @ApiPropertyOptional({ enum: RUN_SOURCES, description: 'What began it' })
  @MayBeAbsent()
  @IsIn(RUN_SOURCES)
  source?: RunSource;

  @ApiPropertyOptional({ format: 'uuid', description: 'Only runs for this user' })
  @MayBeAbsent()
  @IsUUID()
  user_id?: string;

  @ApiPropertyOptional({ type: String, format: 'date-time', description: 'Begun at or after this time' })
  @MayBeAbsent()
  @Time()
  from?: Date;

  @ApiPropertyOptional({ type: String, format: 'date-time', description: 'Begun before this time' })
  @MayBeAbsent()
  @Time()
  to?: Date;
}

export class StartRunDto {
  @ApiProperty({ format: 'uuid', description: 'A customer of the tenant' })
  @IsUUID()
  user_id: string;

  @ApiPropertyOptional({ default: false, description: 'true: also a customer who was greeted already' })
  @MayBeAbsent()
  @IsBoolean()
  again: boolean = false;
}

export class AutomationRunDto {
  @ApiProperty({ format: 'uuid' })
  id: string;

  @ApiProperty({ format: 'uuid' })
  user_id: string;

  @ApiProperty({ enum: RUN_SOURCES })
  source: RunSource;

  @ApiProperty({ enum: RUN_STATES })
  state: RunState;

  @ApiProperty({ enum: SKIP_REASONS, nullable: true, description: 'Why nothing was to be done' })
  skip_reason: SkipReason | null;

  @ApiProperty({ type: String, nullable: true, example: "The tool group 'Welcome' is disabled" })
  skip_detail: string | null;

  @ApiProperty({ format: 'uuid', description: 'See GET /admin/jobs/{id}' })
  job_id: string;

  @ApiProperty({ type: String, format: 'uuid', nullable: true })
  conversation_id: string | null;

  @ApiProperty({ type: String, format: 'uuid', nullable: true })
  message_id: string | null;

  @ApiProperty({ enum: GREETERS, nullable: true })
  welcomed_by: 'agent' | 'template' | null;

  @ApiProperty({ type: String, format: 'uuid', nullable: true, description: 'Who answered' })
  agent_id: string | null;

  @ApiProperty({ type: String, format: 'uuid', nullable: true })
  agent_version_id: string | null;

  @ApiProperty({
    enum: FALLBACK_REASONS,
    nullable: true,
    description: 'Why the template greeted instead of an agent',
  })
  fallback_reason: FallbackReason | null;

  @ApiProperty({ type: String, nullable: true, description: 'Of the last attempt', example: 'database' })
  error_kind: string | null;

  @ApiProperty({ type: String, nullable: true })
  error: string | null;

  @ApiProperty({ type: String, format: 'uuid', nullable: true, description: 'Who asked for it, by hand' })
  created_by: string | null;

  @ApiProperty({ format: 'date-time' })
  created_at: string;

  @ApiProperty({ type: String, format: 'date-time', nullable: true })
  started_at: string | null;

  @ApiProperty({ type: String, format: 'date-time', nullable: true })
  finished_at: string | null;

  @ApiProperty({
    type: Number,
    nullable: true,
    description: 'Milliseconds from its first start, or the last retry by hand, to its end',
  })
  duration_ms: number | null;
}

class AutomationStepDto {
  @ApiProperty({ enum: STEP_NAMES })
  name: StepName;

  @ApiProperty({
    type: String,
    nullable: true,
    enum: Object.values(STEP_EVENTS).filter((event) => event !== null),
    example: 'welcome_sent',
    description: 'What has happened once it is done, as automation_steps of the metrics names it',
  })
  step: (typeof STEP_EVENTS)[StepName];

  @ApiProperty({ enum: STEP_STATES })
  state: StepState;

  @ApiProperty({ description: 'How often it was begun' })
  attempts: number;

  @ApiProperty({ type: String, format: 'date-time', nullable: true })
  started_at: string | null;

  @ApiProperty({ type: String, format: 'date-time', nullable: true })
  ended_at: string | null;

  @ApiProperty({ type: Number, nullable: true, description: 'Milliseconds, of the last attempt' })
  duration_ms: number | null;

  @ApiProperty({ type: String, nullable: true })
  error_kind: string | null;

  @ApiProperty({ type: String, nullable: true })
  error: string | null;
}

class AgentCallDto {
  @ApiProperty({ format: 'uuid' })
  agent_id: string;

  @ApiProperty({ format: 'uuid' })
  agent_version_id: string;

  @ApiProperty({ description: 'ok, or why there was no answer: see docs/agents.md', example: 'rate_limited' })
  outcome: string;

  @ApiProperty({ type: String, nullable: true })
  error: string | null;

  @ApiProperty({ description: 'Milliseconds' })
  duration_ms: number;

  @ApiProperty({ type: Number, nullable: true, description: 'Milliseconds until the answer began' })
  first_text_ms: number | null;

  @ApiProperty({ format: 'date-time' })
  created_at: string;
}

class RunAttemptDto {
  @ApiProperty()
  number: number;

  @ApiProperty({ enum: JOB_OUTCOMES })
  outcome: JobOutcome;

  @ApiProperty({ type: String, nullable: true, description: 'The step that failed' })
  step: string | null;

  @ApiProperty({ type: String, nullable: true })
  error: string | null;

  @ApiProperty({ type: String, format: 'date-time', nullable: true })
  started_at: string | null;

  @ApiProperty({ format: 'date-time' })
  finished_at: string;
}

export class AutomationRunDetailDto extends AutomationRunDto {
  @ApiProperty({ type: [AutomationStepDto], description: 'In their order; none of a run that was skipped' })
  steps: readonly AutomationStepDto[];

  @ApiProperty({ type: [AgentCallDto], description: 'Every request to an agent, in order' })
  agent_calls: readonly AgentCallDto[];

  @ApiProperty({ type: [RunAttemptDto], description: 'Of its job: the last 100' })
  attempts: readonly RunAttemptDto[];

  @ApiProperty({ type: String, format: 'date-time', nullable: true, description: 'When it is tried next' })
  next_attempt_at: string | null;
}
