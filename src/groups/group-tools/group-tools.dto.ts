import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import {
  IsBoolean,
  IsInt,
  IsObject,
  IsOptional,
  IsString,
  IsUUID,
  Length,
  Max,
  MaxLength,
  Min,
} from 'class-validator';
import { SchemaField } from '../../platform/rest/schema-field.js';
import { type ToolPolicy, toolPolicySchema } from '../../tools/pipe/policy.js';
import { IsLabels } from '../labels.js';
import { MayBeAbsent, PageQueryDto } from '../../platform/rest/rest.dto.js';

const ANY_OBJECT = { type: 'object', additionalProperties: true } as const;

export class GroupToolQueryDto extends PageQueryDto {
  @ApiPropertyOptional({ format: 'uuid', description: 'Only the tools of this group' })
  @IsOptional()
  @IsUUID()
  group_id?: string;

  @ApiPropertyOptional({ description: "Part of the tool's name or of its description in the group" })
  @IsOptional()
  @IsString()
  @MaxLength(100)
  q?: string;
}

class ToolSettingsDto {
  @ApiPropertyOptional({
    type: String,
    nullable: true,
    maxLength: 4000,
    description: "Replaces the tool's own; null or empty: the tool's own text",
  })
  @IsOptional()
  @IsString()
  @MaxLength(4000)
  description?: string | null;

  @ApiPropertyOptional({ default: true })
  @MayBeAbsent()
  @IsBoolean()
  enabled?: boolean;

  @ApiPropertyOptional({
    type: Number,
    nullable: true,
    minimum: 1,
    maximum: 3600,
    description: "null: the tool's own limit",
  })
  @IsOptional()
  @IsInt()
  @Min(1)
  @Max(3600)
  timeout_seconds?: number | null;

  @ApiPropertyOptional({ ...ANY_OBJECT, description: "Settings as the tool's config_schema allows" })
  @MayBeAbsent()
  @IsObject()
  config_data?: Record<string, unknown>;

  @ApiPropertyOptional({
    type: [String],
    description:
      'Roles of which a signed-in user needs one, among those of the group; empty: as the group says',
    example: ['consultant'],
  })
  @MayBeAbsent()
  @IsLabels()
  allowed_roles?: string[];

  @ApiPropertyOptional({
    type: [String],
    description: 'Tiers of users that it is for, among those of the group; empty: as the group says',
    example: ['vip'],
  })
  @MayBeAbsent()
  @IsLabels()
  user_tier_access?: string[];

  @SchemaField(toolPolicySchema, 'Limits, retries and circuit breaker of its calls; replaced as a whole', {
    limits: { per_second: 5 },
    breaker: { failures: 5, reset_seconds: 60 },
  })
  policy?: ToolPolicy;
}

export class AddToolDto extends ToolSettingsDto {
  @ApiProperty({
    description: "Name of a registered tool, or of an active tool of one of the tenant's sources",
    example: 'get_customer_profile',
  })
  @IsString()
  @Length(1, 64)
  tool_name: string;
}

export class UpdateToolDto extends ToolSettingsDto {
  @ApiPropertyOptional({
    format: 'uuid',
    description: 'Another group than its own: the tool moves there, with its id and its settings',
  })
  @MayBeAbsent()
  @IsUUID()
  group_id?: string;
}

export class TestToolDto {
  @ApiPropertyOptional({ ...ANY_OBJECT, description: "As the tool's input_schema wants them" })
  @MayBeAbsent()
  @IsObject()
  arguments?: Record<string, unknown>;
}

export class GroupToolDto {
  @ApiProperty({ format: 'uuid' })
  id: string;

  @ApiProperty({ format: 'uuid' })
  group_id: string;

  @ApiProperty()
  tool_name: string;

  @ApiProperty({ description: 'Where it comes from: native, upstream, http, plugin, builtin' })
  source: string;

  @ApiProperty({ description: 'Version of the tool when it was added' })
  version: string;

  @ApiProperty({
    type: String,
    nullable: true,
    description: 'Set for this group; null: the tool has its own',
  })
  description: string | null;

  @ApiProperty({
    type: String,
    nullable: true,
    description: 'What agents read; null: the tool is not registered here',
  })
  effective_description: string | null;

  @ApiProperty()
  enabled: boolean;

  @ApiProperty({ type: Number, nullable: true })
  timeout_seconds: number | null;

  @ApiProperty()
  effective_timeout_seconds: number;

  @ApiProperty(ANY_OBJECT)
  config_data: Record<string, unknown>;

  @ApiProperty({
    type: String,
    format: 'uuid',
    nullable: true,
    description: "The tool of one of the tenant's sources; null: a tool of this build",
  })
  source_tool_id: string | null;

  @ApiProperty({ description: 'Whether there is such a tool to be served; agents do not see it otherwise' })
  registered: boolean;

  @ApiProperty({ type: String, nullable: true, description: 'Why it is not served; null: it is' })
  unusable_because: string | null;

  @ApiProperty({ type: [String] })
  allowed_roles: string[];

  @ApiProperty({ type: [String] })
  user_tier_access: string[];

  @ApiProperty(ANY_OBJECT)
  policy: ToolPolicy;

  @ApiProperty({ description: 'Grows with each change of these settings; also the ETag, for If-Match' })
  row_version: number;

  @ApiProperty({ format: 'date-time' })
  created_at: string;

  @ApiProperty({ format: 'date-time' })
  updated_at: string;
}

class RegisteredToolDto {
  @ApiProperty()
  name: string;

  @ApiProperty({ type: String, nullable: true })
  title: string | null;

  @ApiProperty()
  description: string;

  @ApiProperty()
  version: string;

  @ApiProperty()
  source: string;

  @ApiProperty({ example: 'TaskTools.getTask', description: 'Where it is defined' })
  module: string;

  @ApiProperty({
    type: String,
    format: 'date-time',
    nullable: true,
    description: 'When the process that answers took it in, at its start',
  })
  registered_at: string | null;

  @ApiProperty()
  timeout_seconds: number;

  @ApiProperty({ ...ANY_OBJECT, description: 'JSON Schema of the arguments' })
  input_schema: Readonly<Record<string, unknown>>;

  @ApiProperty({ ...ANY_OBJECT, nullable: true })
  output_schema: Readonly<Record<string, unknown>> | null;

  @ApiProperty({ ...ANY_OBJECT, nullable: true, description: 'JSON Schema of config_data' })
  config_schema: Readonly<Record<string, unknown>> | null;

  @ApiProperty({ ...ANY_OBJECT, nullable: true })
  annotations: Readonly<Record<string, unknown>> | null;
}

export class ToolCategoryDto {
  @ApiProperty()
  category: string;

  @ApiProperty({ type: [RegisteredToolDto] })
  tools: readonly RegisteredToolDto[];
}

export class ToolTestDto {
  @ApiProperty({ description: 'False: the tool answered with isError; its text says why' })
  ok: boolean;

  @ApiProperty({ ...ANY_OBJECT, description: 'The CallToolResult an agent would get' })
  result: Readonly<Record<string, unknown>>;

  @ApiProperty()
  duration_ms: number;
}
