import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import {
  ArrayMaxSize,
  IsArray,
  IsBoolean,
  IsIn,
  IsObject,
  IsOptional,
  IsString,
  IsUUID,
  Matches,
  MaxLength,
  ValidateNested,
} from 'class-validator';
import { Type } from 'class-transformer';
import { MayBeAbsent, Named } from '../../platform/rest/rest.dto.js';
import { DecideSourceToolDto } from '../source-tools.dto.js';
import { SOURCE_POLICIES, type SourcePolicy } from '../sync-decision.js';
import { TRANSPORTS, type UpstreamTransport } from './upstream-settings.js';

export const UPSTREAM_NAME = /^[A-Za-z0-9][A-Za-z0-9 ._@/-]{0,63}$/;
export const TEXTS = { type: 'object', additionalProperties: { type: 'string' } } as const;

class UpstreamSettingsDto {
  @ApiPropertyOptional({ default: '' })
  @MayBeAbsent()
  @IsString()
  @MaxLength(2000)
  description?: string;

  @ApiPropertyOptional({
    type: String,
    nullable: true,
    description: 'The program, with stdio',
    example: 'npx',
  })
  @IsOptional()
  @IsString()
  @MaxLength(1000)
  command?: string | null;

  @ApiPropertyOptional({ type: [String], example: ['-y', '@modelcontextprotocol/server-everything'] })
  @MayBeAbsent()
  @IsArray()
  @ArrayMaxSize(100)
  @IsString({ each: true })
  args?: string[];

  @ApiPropertyOptional({
    ...TEXTS,
    description: 'Of the program. All texts here may hold `${NAME}` and `${NAME:-default}`',
    example: { TOKEN: '${TOKEN}' },
  })
  @MayBeAbsent()
  @IsObject()
  env?: Record<string, string>;

  @ApiPropertyOptional({ type: String, nullable: true, description: 'Folder that the program is started in' })
  @IsOptional()
  @IsString()
  @MaxLength(1000)
  cwd?: string | null;

  @ApiPropertyOptional({ type: String, nullable: true, example: 'https://mcp.example.com/mcp' })
  @IsOptional()
  @IsString()
  @MaxLength(2000)
  url?: string | null;

  @ApiPropertyOptional({ ...TEXTS, example: { Authorization: 'Bearer ${TOKEN}' } })
  @MayBeAbsent()
  @IsObject()
  headers?: Record<string, string>;

  @ApiPropertyOptional({
    type: 'object',
    additionalProperties: { type: 'string', nullable: true },
    description:
      'What `${NAME}` stands for; kept sealed and never shown. Names that are not given stay; null removes one',
    example: { TOKEN: 'a-secret' },
  })
  @MayBeAbsent()
  @IsObject()
  secrets?: Record<string, string | null>;

  @ApiPropertyOptional({
    enum: SOURCE_POLICIES,
    default: 'hold',
    description: 'hold: new and changed tools wait for approval; take: they are served at once',
  })
  @MayBeAbsent()
  @IsIn(SOURCE_POLICIES)
  policy?: SourcePolicy;

  @ApiPropertyOptional({
    default: true,
    description: 'false: its tools are not served, and nothing of it runs',
  })
  @MayBeAbsent()
  @IsBoolean()
  enabled?: boolean;
}

export class UpdateUpstreamDto extends UpstreamSettingsDto {
  @ApiPropertyOptional({ description: 'Unique among the upstreams of the tenant', example: 'github' })
  @MayBeAbsent()
  @Named()
  @Matches(UPSTREAM_NAME, {
    message: 'must be 1 to 64 letters, digits, spaces and . _ @ / -, and begin with a letter or digit',
  })
  name?: string;

  @ApiPropertyOptional({
    enum: TRANSPORTS,
    description: 'stdio: a program that we start; http: Streamable HTTP',
  })
  @MayBeAbsent()
  @IsIn(TRANSPORTS)
  transport?: UpstreamTransport;
}

export class CreateUpstreamDto extends UpstreamSettingsDto {
  @ApiProperty({ description: 'Unique among the upstreams of the tenant', example: 'github' })
  @Named()
  @Matches(UPSTREAM_NAME, {
    message: 'must be 1 to 64 letters, digits, spaces and . _ @ / -, and begin with a letter or digit',
  })
  name: string;

  @ApiProperty({ enum: TRANSPORTS, description: 'stdio: a program that we start; http: Streamable HTTP' })
  @IsIn(TRANSPORTS)
  transport: UpstreamTransport;

  @ApiPropertyOptional({
    default: '',
    description: 'Comes before the names of its tools, with `_`. It cannot be changed: agents know the names',
    example: 'github',
  })
  @MayBeAbsent()
  @Matches(/^(?:[A-Za-z][A-Za-z0-9_-]{0,19})?$/, {
    message: 'must be at most 20 of A-Z a-z 0-9 _ -, and begin with a letter',
  })
  prefix?: string;
}

export class ImportUpstreamsDto {
  @ApiProperty({
    type: 'object',
    additionalProperties: true,
    description: 'The file as Claude Desktop, Cursor (`mcpServers`) or VS Code (`servers`) write it',
    example: { mcpServers: { github: { url: 'https://mcp.example.com/mcp' } } },
  })
  @IsObject()
  config: Record<string, unknown>;

  @ApiPropertyOptional({
    ...TEXTS,
    description: 'What `${NAME}`, `${env:NAME}` and `${input:name}` in it stand for',
    example: { TOKEN: 'a-secret' },
  })
  @MayBeAbsent()
  @IsObject()
  secrets?: Record<string, string>;

  @ApiPropertyOptional({ enum: SOURCE_POLICIES, default: 'hold', description: 'Of each' })
  @MayBeAbsent()
  @IsIn(SOURCE_POLICIES)
  policy?: SourcePolicy;
}

class DecideOneDto extends DecideSourceToolDto {
  @ApiProperty({ format: 'uuid' })
  @IsUUID()
  id: string;
}

export class ApproveUpstreamToolsDto {
  @ApiProperty({ type: [DecideOneDto], description: 'Tools and the definitions of them that you have read' })
  @IsArray()
  @ArrayMaxSize(500)
  @ValidateNested({ each: true })
  @Type(() => DecideOneDto)
  tools: DecideOneDto[];
}
