import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { IsBoolean, IsIn, IsOptional, IsString, IsUUID, Matches, MaxLength } from 'class-validator';
import { PageQueryDto, QueryBoolean } from '../platform/rest/rest.dto.js';
import {
  SOURCE_KINDS,
  SOURCE_TOOL_STATES,
  type SourceKind,
  type SourceToolState,
} from './source-tool.entity.js';

const ANY_OBJECT = { type: 'object', additionalProperties: true } as const;

export class SourceToolQueryDto extends PageQueryDto {
  @ApiPropertyOptional({ enum: SOURCE_KINDS, description: 'Only tools of this kind of source' })
  @IsOptional()
  @IsIn(SOURCE_KINDS)
  source?: SourceKind;

  @ApiPropertyOptional({ format: 'uuid', description: 'Only the tools of this source' })
  @IsOptional()
  @IsUUID()
  source_id?: string;

  @ApiPropertyOptional({ enum: SOURCE_TOOL_STATES, description: 'Only tools in this state' })
  @IsOptional()
  @IsIn(SOURCE_TOOL_STATES)
  state?: SourceToolState;

  @ApiPropertyOptional({ type: Boolean, description: 'true: only what waits for approval' })
  @IsOptional()
  @QueryBoolean()
  @IsBoolean()
  waiting?: boolean;

  @ApiPropertyOptional({ description: "Part of the tool's name, here or at its source" })
  @IsOptional()
  @IsString()
  @MaxLength(100)
  q?: string;
}

export class DecideSourceToolDto {
  @ApiProperty({
    description:
      'Of the definition that you have read: `pending_digest` of a changed tool, `digest` of a new one',
    example: 'a'.repeat(64),
  })
  @Matches(/^[0-9a-f]{64}$/, { message: 'must be a SHA-256 in hexadecimal' })
  digest: string;
}

class DefinitionChangeDto {
  @ApiProperty({ example: 'inputSchema.properties.path.description' })
  path: string;

  @ApiPropertyOptional({ description: 'Absent: it was not there' })
  before?: unknown;

  @ApiPropertyOptional({ description: 'Absent: it is not there any more' })
  after?: unknown;
}

export class SourceToolDto {
  @ApiProperty({ format: 'uuid' })
  id: string;

  @ApiProperty({ enum: SOURCE_KINDS })
  source: SourceKind;

  @ApiProperty({ format: 'uuid', description: 'The upstream, document or package that it comes from' })
  source_id: string;

  @ApiProperty({ description: 'What its source calls it' })
  own_name: string;

  @ApiProperty({ description: 'What groups and agents call it; it never changes' })
  tool_name: string;

  @ApiProperty({
    enum: SOURCE_TOOL_STATES,
    description:
      'active: groups can serve it; held: new, it waits for approval; quarantined: it must not be served; gone: not offered any more',
  })
  state: SourceToolState;

  @ApiProperty({
    type: String,
    nullable: true,
    description: 'Why it is not served, or what is wrong with what waits',
  })
  reason: string | null;

  @ApiProperty({ ...ANY_OBJECT, description: 'What agents get, in the words of MCP' })
  definition: Readonly<Record<string, unknown>>;

  @ApiProperty({ description: 'SHA-256 of the definition' })
  digest: string;

  @ApiProperty({ ...ANY_OBJECT, nullable: true, description: 'A changed definition that waits for approval' })
  pending: Readonly<Record<string, unknown>> | null;

  @ApiProperty({ type: String, nullable: true })
  pending_digest: string | null;

  @ApiProperty({
    type: [String],
    description:
      'What to look at before approving: hidden characters, instructions to the model. Of what waits, else of what is served',
  })
  warnings: readonly string[];

  @ApiProperty({ type: [DefinitionChangeDto], description: 'Where the two differ; at most 200 places' })
  changes: readonly DefinitionChangeDto[];

  @ApiProperty({ description: 'Grows with each change' })
  row_version: number;

  @ApiProperty({ format: 'date-time' })
  created_at: string;

  @ApiProperty({ format: 'date-time' })
  updated_at: string;
}
