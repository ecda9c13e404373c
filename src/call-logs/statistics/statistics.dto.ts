import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { IsIn, IsOptional, IsString, IsUUID, MaxLength } from 'class-validator';
import { Time } from '../../platform/rest/rest.dto.js';

export const STATISTICS_BY = ['none', 'tool', 'group', 'app', 'hour', 'day'] as const;
export type StatisticsBy = (typeof STATISTICS_BY)[number];

export class StatisticsQueryDto {
  @ApiPropertyOptional({ enum: STATISTICS_BY, default: 'none', description: 'A line for each of these' })
  @IsOptional()
  @IsIn(STATISTICS_BY)
  by: StatisticsBy = 'none';

  @ApiPropertyOptional({ description: 'Exact tool name' })
  @IsOptional()
  @IsString()
  @MaxLength(128)
  tool?: string;

  @ApiPropertyOptional({ format: 'uuid', description: 'Calls of this group only' })
  @IsOptional()
  @IsUUID()
  group_id?: string;

  @ApiPropertyOptional({ description: 'Exact id of the calling application' })
  @IsOptional()
  @IsString()
  @MaxLength(100)
  caller_app_id?: string;

  @ApiPropertyOptional({
    format: 'date-time',
    description: 'From the hour of this time on. Left out: the last 24 hours',
  })
  @IsOptional()
  @Time()
  from?: Date;

  @ApiPropertyOptional({ format: 'date-time', description: 'Up to the hour of this time, without it' })
  @IsOptional()
  @Time()
  to?: Date;
}

export class StatisticsLineDto {
  @ApiProperty({
    type: String,
    nullable: true,
    description:
      'Tool ((none): refused before there was one), group, caller app (empty: not named; (other): rare ones), or the time the hour ' +
      'or day begins; null with by=none',
  })
  key: string | null;

  @ApiProperty({ type: 'integer' })
  calls: number;

  @ApiProperty({ type: 'integer' })
  errors: number;

  @ApiProperty({ description: 'Errors of all calls, 0 to 1' })
  error_rate: number;

  @ApiProperty({ type: Number, nullable: true, description: 'Milliseconds; off by less than 5 %' })
  p50_ms: number | null;

  @ApiProperty({ type: Number, nullable: true, description: 'Milliseconds; off by less than 5 %' })
  p95_ms: number | null;

  @ApiProperty({ type: Number, nullable: true, description: 'Milliseconds; off by less than 5 %' })
  p99_ms: number | null;
}

export class StatisticsDto {
  @ApiProperty({ format: 'date-time', description: 'More than 400 days ago: of the whole day' })
  from: string;

  @ApiProperty({ format: 'date-time', description: 'More than 400 days ago: with the whole day' })
  to: string;

  @ApiProperty({
    format: 'date-time',
    description: 'When records were last added up; later ones are missing',
  })
  as_of: string;

  @ApiProperty({
    type: [StatisticsLineDto],
    description: 'Most calls first; times in their order; 1000 at most',
  })
  lines: StatisticsLineDto[];

  @ApiProperty({ description: 'False: there are more lines than these' })
  complete: boolean;
}
