import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { IsIn, IsInt, Max, Min } from 'class-validator';
import { MayBeAbsent } from '../../platform/rest/rest.dto.js';
import { type CallLogRetention, KEEP, type Keep } from './call-log-retention.entity.js';

const DAYS_MAX = 36_500;

export class SetRetentionDto {
  @ApiPropertyOptional({
    enum: KEEP,
    description: 'inherit: a group as its tenant, a tenant as the installation',
    example: 'days',
  })
  @MayBeAbsent()
  @IsIn(KEEP)
  keep?: Keep;

  @ApiPropertyOptional({ minimum: 1, maximum: DAYS_MAX, description: 'With keep = days', example: 180 })
  @MayBeAbsent()
  @IsInt()
  @Min(1)
  @Max(DAYS_MAX)
  days?: number;
}

export class RetentionDto {
  @ApiProperty({
    type: String,
    format: 'uuid',
    nullable: true,
    description: "null: the tenant's own default",
  })
  group_id: string | null;

  @ApiProperty({ enum: KEEP })
  keep: Keep;

  @ApiProperty({ type: Number, nullable: true, description: 'With keep = days' })
  days: number | null;

  @ApiProperty({
    type: Number,
    nullable: true,
    description: 'Days that records are kept with all that is inherited; null: for ever',
  })
  effective_days: number | null;

  @ApiProperty()
  version: number;
}

export function toRetentionDto(row: CallLogRetention, effectiveDays: number | null): RetentionDto {
  return {
    group_id: row.groupId,
    keep: row.keep,
    days: row.days,
    effective_days: effectiveDays,
    version: row.version,
  };
}
