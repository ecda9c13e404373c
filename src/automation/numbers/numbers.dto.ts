import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { Type as As } from 'class-transformer';
import { IsInt, IsString, Max, MaxLength, Min } from 'class-validator';
import { MayBeAbsent, Time } from '../../platform/rest/rest.dto.js';
import { AgentNumbersDto } from './agent-numbers.dto.js';
import { ClaimsDto, NotificationsDto } from './consultant-numbers.dto.js';
import { ConversionDto, FirstResponseDto } from './customer-numbers.dto.js';
import { ErrorGroupDto } from './error-numbers.js';
import { McpNumbersDto } from './mcp-numbers.js';
import {
  AgentStatusDto,
  AutomationMetricsDto,
  DailyRegistrationsDto,
  McpMetricsDto,
  McpServerStatusDto,
  RECENT_ERRORS_MAX,
  StepMetricsDto,
  SystemHealthDto,
  WelcomeStatsDto,
} from './panel.dto.js';
import { DEFAULT_DAYS, PERIOD_DAYS_MAX, type PeriodQuery } from './period.js';
import { QueueDto } from './queue-numbers.js';
import { CountByReasonDto, DayDto, FallbackDto, HourDto, RunsDto } from './run-numbers.dto.js';
import { StepDto } from './step-numbers.js';
import { SystemDto } from './system-numbers.dto.js';
import { TargetDto } from './targets.js';

export class DashboardQueryDto implements PeriodQuery {
  @ApiPropertyOptional({
    minimum: 1,
    maximum: PERIOD_DAYS_MAX,
    default: DEFAULT_DAYS,
    description: 'Whole days, up to and with today',
  })
  @MayBeAbsent()
  @As(() => Number)
  @IsInt()
  @Min(1)
  @Max(PERIOD_DAYS_MAX)
  days?: number;

  @ApiPropertyOptional({
    default: 'UTC',
    example: 'Asia/Shanghai',
    description: 'Name of the time zone in which days begin and end',
  })
  @MayBeAbsent()
  @IsString()
  @MaxLength(64)
  time_zone: string = 'UTC';
}

export class MetricsQueryDto extends DashboardQueryDto {
  @ApiPropertyOptional({
    type: String,
    format: 'date-time',
    description: `From this time on, instead of days; at most ${PERIOD_DAYS_MAX} days before the end`,
  })
  @MayBeAbsent()
  @Time()
  from?: Date;

  @ApiPropertyOptional({
    type: String,
    format: 'date-time',
    description: 'Up to this time, without it. Left out: the end of today',
  })
  @MayBeAbsent()
  @Time()
  to?: Date;
}

class PeriodDto {
  @ApiProperty({ format: 'date-time', example: '2026-10-18T22:00:00.000Z' })
  from: string;

  @ApiProperty({ format: 'date-time', example: '2026-10-25T23:00:00.000Z' })
  to: string;

  @ApiProperty({ example: 'Europe/Berlin' })
  time_zone: string;

  @ApiProperty({
    format: 'date-time',
    example: '2026-10-25T07:30:04.311Z',
    description: 'All numbers are of this moment',
  })
  as_of: string;
}

export class MetricsDto {
  @ApiProperty({ type: PeriodDto })
  period: PeriodDto;

  @ApiProperty({ type: [TargetDto], description: 'What was aimed at, beside what came of it' })
  targets: TargetDto[];

  @ApiProperty({ type: RunsDto, description: 'Runs that were made in the period' })
  runs: RunsDto;

  @ApiProperty({ type: RunsDto, description: 'The same of today' })
  today: RunsDto;

  @ApiProperty({ type: [DayDto], description: 'Each day of the period; the first and last one may be cut' })
  by_day: DayDto[];

  @ApiProperty({ type: [HourDto], description: 'Each hour of today: 23 or 25 where clocks are set' })
  by_hour_today: HourDto[];

  @ApiProperty({ type: [StepDto], description: 'By step, of those whose last attempt began in the period' })
  steps: StepDto[];

  @ApiProperty({ type: FallbackDto })
  fallback: FallbackDto;

  @ApiProperty({ type: [CountByReasonDto], description: 'Runs that were not to be done, by reason' })
  skipped: CountByReasonDto[];

  @ApiProperty({ type: McpNumbersDto, description: 'Calls of the tools that the agent uses' })
  mcp: McpNumbersDto;

  @ApiProperty({ type: AgentNumbersDto, description: 'Requests to agents' })
  agents: AgentNumbersDto;

  @ApiProperty({ type: NotificationsDto, description: 'What consultants were told of customers' })
  notifications: NotificationsDto;

  @ApiProperty({ type: ClaimsDto, description: 'Customers who were announced in the period' })
  claims: ClaimsDto;

  @ApiProperty({ type: FirstResponseDto, description: 'Of those who registered in the period' })
  first_response: FirstResponseDto;

  @ApiProperty({ type: ConversionDto, description: 'Of those whose first seven days ended in the period' })
  conversion: ConversionDto;

  @ApiProperty({ type: [ErrorGroupDto], description: 'By kind and place, the last one first, 50 at most' })
  errors: ErrorGroupDto[];

  @ApiProperty({ type: McpMetricsDto, description: 'mcp, in short' })
  mcp_metrics: McpMetricsDto;

  @ApiProperty({ type: AgentStatusDto, description: 'Now' })
  dify_agent_status: AgentStatusDto;

  @ApiProperty({ type: Number, nullable: true, example: 0.990826, description: 'success_rate of runs' })
  automation_success_rate: number | null;

  @ApiProperty({ type: [DailyRegistrationsDto], description: 'Of by_day' })
  daily_registrations: DailyRegistrationsDto[];

  @ApiProperty({ type: WelcomeStatsDto, description: 'Of runs and fallback' })
  welcome_message_stats: WelcomeStatsDto;

  @ApiProperty({ type: [StepMetricsDto], description: 'What happens in a run, with what agents do in it' })
  automation_steps: StepMetricsDto[];
}

export class DashboardDto extends MetricsDto {
  @ApiProperty({ type: QueueDto, description: 'Now' })
  queue: QueueDto;

  @ApiProperty({ type: SystemDto, description: 'Now; of the whole installation' })
  system: SystemDto;

  @ApiProperty({ type: AutomationMetricsDto, description: 'runs, mcp, agents and by_day, in short' })
  automation_metrics: AutomationMetricsDto;

  @ApiProperty({ type: McpServerStatusDto, description: 'Now' })
  mcp_server_status: McpServerStatusDto;

  @ApiProperty({ type: [ErrorGroupDto], description: `The first of errors, ${RECENT_ERRORS_MAX} at most` })
  recent_errors: ErrorGroupDto[];

  @ApiProperty({ type: SystemHealthDto })
  system_health: SystemHealthDto;
}
