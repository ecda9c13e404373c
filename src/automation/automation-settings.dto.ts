import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import {
  ArrayMaxSize,
  ArrayUnique,
  IsArray,
  IsBoolean,
  IsIn,
  IsInt,
  IsString,
  IsUUID,
  Length,
  Matches,
  Max,
  Min,
  ValidateIf,
} from 'class-validator';
import { MayBeAbsent, Trimmed } from '../platform/rest/rest.dto.js';
import { CONVERSATION_CHANNELS, type ConversationChannel } from '../crm/conversation.entity.js';
import { WELCOME_STRATEGIES, type WelcomeStrategy } from './automation-setting.entity.js';
import { DEFAULT_TOOLS } from './automation-settings.js';
import { LANGUAGE, LANGUAGE_WRONG } from './languages.js';

const TOOLS_MAX = 50;
const TOOL_NAME = /^[A-Za-z0-9_.-]{1,64}$/;
const ONE_LINE = /^[^\p{Cc}\u2028\u2029]*$/u;

export class PutAutomationSettingsDto {
  @ApiPropertyOptional({
    enum: WELCOME_STRATEGIES,
    description:
      'agent, until it is set: an agent writes the welcome, a template steps in for it; template: always the template; off: no welcome',
  })
  @MayBeAbsent()
  @IsIn(WELCOME_STRATEGIES)
  strategy?: WelcomeStrategy;

  @ApiPropertyOptional({ example: 'zh-CN', description: 'For users who have not said theirs' })
  @MayBeAbsent()
  @Matches(LANGUAGE, { message: LANGUAGE_WRONG })
  default_language?: string;

  @ApiPropertyOptional({ enum: CONVERSATION_CHANNELS, description: 'Of the conversation' })
  @MayBeAbsent()
  @IsIn(CONVERSATION_CHANNELS)
  conversation_channel?: ConversationChannel;

  @ApiPropertyOptional({ description: 'Of the conversation' })
  @MayBeAbsent()
  @Trimmed()
  @IsString()
  @Length(1, 200)
  @Matches(ONE_LINE, { message: 'must not hold control characters' })
  conversation_title?: string;

  @ApiPropertyOptional({ description: 'Whether an agent may answer in the conversation' })
  @MayBeAbsent()
  @IsBoolean()
  conversation_ai_enabled?: boolean;

  @ApiPropertyOptional({
    type: [String],

    example: DEFAULT_TOOLS,
    description: 'Without these the agent is not asked and the run is skipped; empty: it needs none',
  })
  @MayBeAbsent()
  @IsArray()
  @ArrayMaxSize(TOOLS_MAX)
  @ArrayUnique()
  @Matches(TOOL_NAME, { each: true, message: 'required_tools must hold names of tools' })
  required_tools?: string[];

  @ApiPropertyOptional({
    type: String,
    format: 'uuid',
    nullable: true,
    description: 'The tool group whose key the agent holds; null: any group that has all of these tools',
  })
  @ValidateIf((_dto, value) => value !== undefined && value !== null)
  @IsUUID()
  group_id?: string | null;

  @ApiPropertyOptional({
    minimum: 0,
    maximum: 720,
    example: 72,
    description:
      'How long after registering somebody is greeted who was skipped for lack of tools; 0: not at all',
  })
  @MayBeAbsent()
  @IsInt()
  @Min(0)
  @Max(720)
  catch_up_hours?: number;

  @ApiPropertyOptional({
    minimum: 0,
    maximum: 1440,
    example: 10,
    description: 'How long a target is missed before administrators are told; 0: they are not told',
  })
  @MayBeAbsent()
  @IsInt()
  @Min(0)
  @Max(1440)
  alert_after_minutes?: number;
}

export class AutomationSettingsDto {
  @ApiProperty({ enum: WELCOME_STRATEGIES })
  strategy: WelcomeStrategy;

  @ApiProperty({ example: 'en' })
  default_language: string;

  @ApiProperty({ enum: CONVERSATION_CHANNELS })
  conversation_channel: ConversationChannel;

  @ApiProperty({ example: 'Welcome' })
  conversation_title: string;

  @ApiProperty()
  conversation_ai_enabled: boolean;

  @ApiProperty({ type: [String], example: DEFAULT_TOOLS })
  required_tools: readonly string[];

  @ApiProperty({ type: String, format: 'uuid', nullable: true })
  group_id: string | null;

  @ApiProperty({ example: 72, description: '0: whoever was skipped for lack of tools is not greeted later' })
  catch_up_hours: number;

  @ApiProperty({ example: 10, description: '0: nobody is told of a missed target' })
  alert_after_minutes: number;

  @ApiProperty({
    type: String,
    nullable: true,
    description: 'Why the agent could not do its work now; null: it has its tools',
    example: "The tool group 'Welcome' has no enabled analyze_customer",
  })
  tools_problem: string | null;

  @ApiProperty({
    type: [Number],
    example: [5, 15, 60],
    description: 'Seconds before each further attempt: changed at /admin/job-settings/automation.greet',
  })
  retry_seconds: readonly number[];

  @ApiProperty({ description: 'Grows with each change; 0: nothing was set. Also the ETag, for If-Match' })
  version: number;
}
