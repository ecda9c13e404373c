import {
  ApiHideProperty,
  ApiProperty,
  ApiPropertyOptional,
  OmitType,
  PartialType,
  PickType,
} from '@nestjs/swagger';
import { Equals, IsBoolean, IsOptional, IsString, Length, Matches, MaxLength } from 'class-validator';
import { SchemaField } from '../platform/rest/schema-field.js';
import { type GroupPolicy, groupPolicySchema } from '../tools/pipe/policy.js';
import { IsLabels } from './labels.js';
import { MayBeAbsent, PageQueryDto, QueryBoolean, Named } from '../platform/rest/rest.dto.js';

export class GroupQueryDto extends PageQueryDto {
  @ApiPropertyOptional({ description: 'Part of the name, server code or description' })
  @IsOptional()
  @IsString()
  @MaxLength(100)
  q?: string;
}

export class CreateGroupDto {
  @ApiProperty({ description: 'Unique in the tenant', maxLength: 100, example: 'Customer service' })
  @Named()
  @IsString()
  @Length(1, 100)
  @Matches(/^[^\p{C}]*$/u, { message: 'must not hold control characters' })
  name: string;

  @ApiPropertyOptional({
    description:
      'In the MCP URL; generated when absent. 3 to 32 of a-z, 0-9 and -; unique over the whole installation; ' +
      'it never changes afterwards',
    example: 'customer-service',
  })
  @MayBeAbsent()
  @IsString()
  @MaxLength(32)
  server_code?: string;

  @ApiPropertyOptional({ maxLength: 2000 })
  @MayBeAbsent()
  @IsString()
  @MaxLength(2000)
  description?: string;

  @ApiPropertyOptional({
    type: [String],
    description: 'User tiers the group is for; empty: all',
    example: ['vip'],
  })
  @MayBeAbsent()
  @IsLabels()
  user_tier_access?: string[];

  @ApiPropertyOptional({
    type: [String],
    description:
      'Roles of which a signed-in person needs one; empty: keys only. customer: sees own rows only; auditor: only what reads',
    example: ['consultant'],
  })
  @MayBeAbsent()
  @IsLabels()
  allowed_roles?: string[];

  @ApiPropertyOptional({ default: true, description: 'A disabled group refuses every call' })
  @MayBeAbsent()
  @IsBoolean()
  enabled?: boolean;

  @ApiPropertyOptional({ default: false, description: 'Give older MCP clients an Mcp-Session-Id' })
  @MayBeAbsent()
  @IsBoolean()
  sessions?: boolean;

  @SchemaField(groupPolicySchema, 'Limits and other rules of its calls; replaced as a whole', {
    limits: { per_minute: 600, concurrency: 20 },
  })
  policy?: GroupPolicy;
}

export class UpdateGroupDto extends PartialType(OmitType(CreateGroupDto, ['server_code']), {
  skipNullProperties: false,
}) {
  @ApiHideProperty()
  @MayBeAbsent()
  @Equals(undefined, {
    message: 'server_code never changes: clients have it in their URLs; make another group instead',
  })
  server_code?: undefined;
}

/** What a copy cannot share with the group that it is of. */
export class CopyGroupDto extends PickType(CreateGroupDto, ['name', 'server_code'] as const) {}

export class ConnectQueryDto {
  @ApiPropertyOptional({
    default: false,
    description: 'true: with the real key (admins only); else a placeholder',
  })
  @MayBeAbsent()
  @QueryBoolean()
  @IsBoolean()
  include_key?: boolean;
}

export class GroupDto {
  @ApiProperty({ format: 'uuid' })
  id: string;

  @ApiProperty()
  name: string;

  @ApiProperty()
  server_code: string;

  @ApiProperty()
  description: string;

  @ApiProperty({ type: [String] })
  user_tier_access: string[];

  @ApiProperty({ type: [String], description: 'Empty: keys only' })
  allowed_roles: string[];

  @ApiProperty({
    type: [String],
    description: 'What to think about again, e.g. that people come in beside the keys',
  })
  warnings: string[];

  @ApiProperty()
  enabled: boolean;

  @ApiProperty()
  sessions: boolean;

  @ApiProperty({ type: 'object', additionalProperties: true })
  policy: GroupPolicy;

  @ApiProperty({ description: 'The URL to paste into an MCP client' })
  server_url: string;

  @ApiProperty()
  tool_count: number;

  @ApiProperty({ type: String, nullable: true, description: 'First characters of the active key' })
  api_key_prefix: string | null;

  @ApiProperty({ description: 'Grows with each change of the group itself; also the ETag, for If-Match' })
  version: number;

  @ApiProperty({ type: String, format: 'uuid', nullable: true })
  created_by: string | null;

  @ApiProperty({ format: 'date-time' })
  created_at: string;

  @ApiProperty({ format: 'date-time' })
  updated_at: string;
}

export class CreatedGroupDto extends GroupDto {
  @ApiProperty({ description: 'The key of the group' })
  api_key: string;
}

export class GroupKeyDto {
  @ApiProperty()
  api_key: string;

  @ApiProperty({ description: 'First characters, as lists show them' })
  prefix: string;

  @ApiProperty({ type: String, format: 'date-time', nullable: true })
  expires_at: string | null;

  @ApiProperty({ format: 'date-time' })
  created_at: string;
}

export class ServerUrlDto {
  @ApiProperty()
  server_code: string;

  @ApiProperty({ description: 'The one to paste; ends in /mcp' })
  server_url: string;

  @ApiProperty()
  short_url: string;

  @ApiProperty({ description: 'For clients that only know HTTP+SSE' })
  sse_url: string;

  @ApiProperty({ description: 'WebSocket' })
  ws_url: string;
}

class ConnectSnippetDto {
  @ApiProperty({ enum: ['dify', 'claude_code', 'claude_desktop', 'cursor', 'vscode', 'inspector', 'curl'] })
  client: string;

  @ApiProperty()
  title: string;

  @ApiProperty({ description: 'Where the text goes' })
  where: string;

  @ApiProperty({ description: 'Ready to paste' })
  text: string;
}

export class ConnectDto {
  @ApiProperty()
  server_url: string;

  @ApiProperty({ type: [ConnectSnippetDto] })
  snippets: readonly ConnectSnippetDto[];
}
