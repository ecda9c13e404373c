import { ApiProperty } from '@nestjs/swagger';
import { DayDto } from './run-numbers.dto.js';

export const RECENT_ERRORS_MAX = 10;
const COUNTS = { type: 'object', additionalProperties: { type: 'number' } } as const;
const AGENT_STATUSES = ['available', 'degraded', 'unavailable', 'not_configured'] as const;
export const PANEL_STEPS = [
  'conversation_created',
  'mcp_called',
  'dify_triggered',
  'welcome_sent',
  'consultants_notified',
] as const;

export class McpMetricsDto {
  @ApiProperty({ example: 214 })
  total_calls: number;

  @ApiProperty({ ...COUNTS, example: { get_user_profile: 107, analyze_customer: 107 } })
  tool_calls: Record<string, number>;

  @ApiProperty({ ...COUNTS, example: { get_user_profile: 0, analyze_customer: 0.009346 } })
  error_rates: Record<string, number>;

  @ApiProperty({ type: Number, nullable: true, example: 0.995327, description: '0 to 1; null: no calls' })
  success_rate: number | null;
}

class AskedAgentDto {
  @ApiProperty({ type: String, nullable: true, example: 'Welcome' })
  name: string | null;

  @ApiProperty({ type: String, nullable: true, example: 'v2' })
  version: string | null;

  @ApiProperty({ example: 'closed', description: 'Of its circuit; open: it is not asked' })
  circuit: string;

  @ApiProperty({ type: String, format: 'date-time', nullable: true, example: '2026-10-25T07:12:09.120Z' })
  last_answer_at: string | null;
}

export class AgentStatusDto {
  @ApiProperty({
    enum: AGENT_STATUSES,
    example: 'available',
    description:
      'degraded: a circuit is not closed; unavailable: all are open; not_configured: none is enabled',
  })
  status: (typeof AGENT_STATUSES)[number];

  @ApiProperty({ type: [AskedAgentDto], description: 'Those that are enabled' })
  agents: AskedAgentDto[];
}

export class DailyRegistrationsDto {
  @ApiProperty({ example: '2026-10-24' })
  date: string;

  @ApiProperty({ example: 109 })
  registrations: number;
}

export class WelcomeStatsDto {
  @ApiProperty({ example: 108 })
  sent: number;

  @ApiProperty({ example: 102 })
  by_agent: number;

  @ApiProperty({ example: 6 })
  by_template: number;

  @ApiProperty({
    type: Number,
    nullable: true,
    example: 0.055556,
    description: 'The template, although an agent was to',
  })
  fallback_rate: number | null;
}

export class StepMetricsDto {
  @ApiProperty({ enum: PANEL_STEPS, example: 'welcome_sent' })
  step: (typeof PANEL_STEPS)[number];

  @ApiProperty({ example: 109 })
  total: number;

  @ApiProperty({ example: 108 })
  succeeded: number;

  @ApiProperty({ type: Number, nullable: true, example: 0.990826, description: '0 to 1; null: none' })
  success_rate: number | null;

  @ApiProperty({ type: Number, nullable: true, example: 12.4, description: 'Milliseconds' })
  average_duration_ms: number | null;
}

export class AutomationMetricsDto {
  @ApiProperty({ type: Number, nullable: true, example: 0.990826, description: '0 to 1; null: none' })
  success_rate: number | null;

  @ApiProperty({ example: 109, description: 'Done and failed' })
  total_automations: number;

  @ApiProperty({ example: 214 })
  mcp_call_count: number;

  @ApiProperty({ example: 112 })
  dify_call_count: number;

  @ApiProperty({ type: Number, nullable: true, example: 1890.4, description: 'Milliseconds' })
  average_response_time: number | null;

  @ApiProperty({ type: [DayDto] })
  daily_trends: DayDto[];
}

export class McpServerStatusDto {
  @ApiProperty({ enum: ['running'], example: 'running', description: 'A server that is not gives no answer' })
  status: 'running';

  @ApiProperty({ example: '0.1.0' })
  version: string;

  @ApiProperty({ example: 2, description: 'Processes that are alive' })
  replicas: number;

  @ApiProperty({ type: Number, nullable: true, example: 0.9993, description: 'quick_ok_rate of mcp' })
  availability: number | null;
}

export class SystemHealthDto {
  @ApiProperty({
    type: Number,
    nullable: true,
    example: 8.4,
    description: 'Milliseconds, average of the period',
  })
  mcp_response_time: number | null;

  @ApiProperty({
    type: Number,
    nullable: true,
    example: 1720.5,
    description: 'Milliseconds, average of the period',
  })
  dify_response_time: number | null;

  @ApiProperty({
    enum: ['healthy'],
    example: 'healthy',
    description: 'With the database away the answer is a 503',
  })
  database_status: 'healthy';
}
