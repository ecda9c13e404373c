import { ApiProperty, ApiPropertyOptional, IntersectionType } from '@nestjs/swagger';
import { IsIn, IsOptional, IsString, IsUUID, MaxLength } from 'class-validator';
import { CsvQueryDto } from '../../platform/rest/csv-query.dto.js';
import { PageQueryDto, Time } from '../../platform/rest/rest.dto.js';

const RESULTS = ['ok', 'refused', 'failed'] as const;
export const EXPORT_FORMATS = ['jsonl', 'csv'] as const;

/** What both the list and the export take. */
export class AuditFilterDto {
  @ApiPropertyOptional({ format: 'uuid', description: 'The user who acted' })
  @IsOptional()
  @IsUUID()
  actor_id?: string;

  @ApiPropertyOptional({ description: 'Exact address of the user or name of the job that acted' })
  @IsOptional()
  @IsString()
  @MaxLength(254)
  actor?: string;

  @ApiPropertyOptional({ description: 'Exact, as group.update; or all of one kind, as group.*' })
  @IsOptional()
  @IsString()
  @MaxLength(200)
  action?: string;

  @ApiPropertyOptional({ description: 'group, key, tool, user, tenant, …' })
  @IsOptional()
  @IsString()
  @MaxLength(32)
  target_kind?: string;

  @ApiPropertyOptional({ format: 'uuid' })
  @IsOptional()
  @IsUUID()
  target_id?: string;

  @ApiPropertyOptional({ enum: RESULTS })
  @IsOptional()
  @IsIn(RESULTS)
  result?: string;

  @ApiPropertyOptional({ description: 'Anywhere in action, names, reason, before or after' })
  @IsOptional()
  @IsString()
  @MaxLength(100)
  q?: string;

  @ApiPropertyOptional({ format: 'date-time', description: 'Acts at this time or later' })
  @IsOptional()
  @Time()
  from?: Date;

  @ApiPropertyOptional({ format: 'date-time', description: 'Acts before this time' })
  @IsOptional()
  @Time()
  to?: Date;
}

export class AuditQueryDto extends IntersectionType(PageQueryDto, AuditFilterDto) {}

export class AuditExportQueryDto extends IntersectionType(CsvQueryDto, AuditFilterDto) {
  @ApiPropertyOptional({ enum: EXPORT_FORMATS, default: 'jsonl' })
  @IsOptional()
  @IsIn(EXPORT_FORMATS)
  format: (typeof EXPORT_FORMATS)[number] = 'jsonl';
}

export class AuditLogDto {
  @ApiProperty({ format: 'uuid' })
  id: string;

  @ApiProperty({ format: 'date-time' })
  created_at: string;

  @ApiProperty({ description: 'user, token, job, group_key or system' })
  actor_kind: string;

  @ApiProperty({ type: String, format: 'uuid', nullable: true })
  actor_id: string | null;

  @ApiProperty({ type: String, nullable: true, description: 'Address or name, as it was then' })
  actor_name: string | null;

  @ApiProperty({ description: 'As group.update; for a refused attempt the method and path' })
  action: string;

  @ApiProperty({ type: String, nullable: true })
  target_kind: string | null;

  @ApiProperty({ type: String, format: 'uuid', nullable: true })
  target_id: string | null;

  @ApiProperty({ type: String, nullable: true, description: 'What it was called then' })
  target_name: string | null;

  @ApiProperty({ type: Object, nullable: true, description: 'The changed fields as they were' })
  before: object | null;

  @ApiProperty({ type: Object, nullable: true, description: 'The changed fields as they became' })
  after: object | null;

  @ApiProperty({ enum: RESULTS })
  result: string;

  @ApiProperty({ type: String, nullable: true, description: 'Why it was refused' })
  reason: string | null;

  @ApiProperty({ type: String, nullable: true })
  ip: string | null;

  @ApiProperty({ type: String, nullable: true })
  user_agent: string | null;

  @ApiProperty({ type: String, nullable: true, description: 'X-Request-Id of the request' })
  request_id: string | null;
}
