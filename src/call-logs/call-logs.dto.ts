import { ApiProperty, ApiPropertyOptional, IntersectionType } from '@nestjs/swagger';
import { Type } from 'class-transformer';
import {
  IsBoolean,
  IsIn,
  IsNumber,
  IsOptional,
  IsString,
  IsUUID,
  Max,
  MaxLength,
  Min,
} from 'class-validator';
import { CsvQueryDto } from '../platform/rest/csv-query.dto.js';
import { PageQueryDto, QueryBoolean, Time } from '../platform/rest/rest.dto.js';
import { EXPORT_FORMATS, type ExportFormat } from './search/export-line.js';

const DURATION_MAX_MS = 1e9;

/** What the list and the export take. */
export class CallFilterDto {
  @ApiPropertyOptional({ description: 'Exact tool name' })
  @IsOptional()
  @IsString()
  @MaxLength(128)
  tool?: string;

  @ApiPropertyOptional({ format: 'uuid', description: 'Calls of this group only' })
  @IsOptional()
  @IsUUID()
  group_id?: string;

  @ApiPropertyOptional({ description: 'Calls that succeeded, or those that failed' })
  @IsOptional()
  @QueryBoolean()
  @IsBoolean()
  success?: boolean;

  @ApiPropertyOptional({ description: 'Exact id of the calling application' })
  @IsOptional()
  @IsString()
  @MaxLength(100)
  caller_app_id?: string;

  @ApiPropertyOptional({ format: 'uuid', description: 'Calls with this group key' })
  @IsOptional()
  @IsUUID()
  key_id?: string;

  @ApiPropertyOptional({ format: 'uuid', description: "This user's calls" })
  @IsOptional()
  @IsUUID()
  user_id?: string;

  @ApiPropertyOptional({ description: 'Calls that failed this way: timeout, tool_error, …' })
  @IsOptional()
  @IsString()
  @MaxLength(32)
  error_kind?: string;

  @ApiPropertyOptional({ description: 'Calls that took so long or longer (milliseconds)', minimum: 0 })
  @IsOptional()
  @Type(() => Number)
  @IsNumber()
  @Min(0)
  @Max(DURATION_MAX_MS)
  duration_min?: number;

  @ApiPropertyOptional({ description: 'Calls that took so long or less (milliseconds)', minimum: 0 })
  @IsOptional()
  @Type(() => Number)
  @IsNumber()
  @Min(0)
  @Max(DURATION_MAX_MS)
  duration_max?: number;

  @ApiPropertyOptional({
    description:
      'Words that are all in the arguments, the result or the message; whole words, or any part of what is written without spaces',
  })
  @IsOptional()
  @IsString()
  @MaxLength(100)
  q?: string;

  @ApiPropertyOptional({ format: 'date-time', description: 'Calls at this time or later' })
  @IsOptional()
  @Time()
  from?: Date;

  @ApiPropertyOptional({ format: 'date-time', description: 'Calls before this time' })
  @IsOptional()
  @Time()
  to?: Date;
}

export class CallLogQueryDto extends IntersectionType(PageQueryDto, CallFilterDto) {}

export class CallExportQueryDto extends IntersectionType(CsvQueryDto, CallFilterDto) {
  @ApiPropertyOptional({ enum: EXPORT_FORMATS, default: 'jsonl' })
  @IsOptional()
  @IsIn(EXPORT_FORMATS)
  format: ExportFormat = 'jsonl';
}

export class CallLogDto {
  @ApiProperty({ format: 'uuid' })
  id: string;

  @ApiProperty({ description: 'The name as the client sent it, also when there is no such tool' })
  tool_name: string;

  @ApiProperty({ type: String, format: 'uuid', nullable: true })
  tool_id: string | null;

  @ApiProperty({ format: 'uuid' })
  group_id: string;

  @ApiProperty({ type: String, nullable: true })
  caller_app_id: string | null;

  @ApiProperty({ type: String, format: 'uuid', nullable: true, description: 'The group key that was used' })
  key_id: string | null;

  @ApiProperty({ type: String, format: 'uuid', nullable: true })
  user_id: string | null;

  @ApiProperty({ description: 'Protocol revision, or rest' })
  era: string;

  @ApiProperty()
  transport: string;

  @ApiProperty({ description: "An admin's test" })
  is_test: boolean;

  @ApiProperty()
  success: boolean;

  @ApiProperty({
    type: String,
    nullable: true,
    description: 'Why it failed: refused, invalid_arguments, timeout, …',
  })
  error_kind: string | null;

  @ApiProperty({ type: String, nullable: true })
  error_message: string | null;

  @ApiProperty()
  duration_ms: number;

  @ApiProperty({ description: 'Whether its arguments, result and message were erased for good' })
  erased: boolean;

  @ApiProperty({ format: 'date-time', description: 'When the call arrived' })
  created_at: string;
}

export class CallLogDetailDto extends CallLogDto {
  @ApiProperty({ type: Object, nullable: true, description: 'The arguments, redacted and cut' })
  request_data: unknown;

  @ApiProperty({ type: Object, nullable: true, description: 'The result, redacted and cut' })
  response_data: unknown;
}
