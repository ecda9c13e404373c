import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { IsBoolean, IsOptional, IsString, IsUUID, MaxLength } from 'class-validator';
import { PageQueryDto, QueryBoolean, QueryTime } from '../common/rest.dto.js';

export class CallLogQueryDto extends PageQueryDto {
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

  @ApiPropertyOptional({ format: 'date-time', description: 'Calls at this time or later' })
  @IsOptional()
  @QueryTime()
  from?: Date;

  @ApiPropertyOptional({ format: 'date-time', description: 'Calls before this time' })
  @IsOptional()
  @QueryTime()
  to?: Date;
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
