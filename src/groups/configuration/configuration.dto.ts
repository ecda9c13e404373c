import { ApiHideProperty, ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { IsBoolean } from 'class-validator';
import { MayBeAbsent, QueryBoolean } from '../../platform/rest/rest.dto.js';

export class ApplyQueryDto {
  @ApiPropertyOptional({ default: false, description: 'true: checks and shows the changes, makes none' })
  @MayBeAbsent()
  @QueryBoolean()
  @IsBoolean()
  dry_run?: boolean;

  /** Read by InFlightParam; named here because unknown query fields are refused. */
  @ApiHideProperty()
  @MayBeAbsent()
  in_flight?: string;
}

class FieldChangeDto {
  @ApiProperty({ example: 'timeout_seconds' })
  field: string;

  @ApiPropertyOptional({ description: 'Absent for what is new', nullable: true, example: null })
  before?: unknown;

  @ApiProperty({ nullable: true, example: 30 })
  after: unknown;
}

class ChangeDto {
  @ApiProperty({ enum: ['create', 'update', 'delete'] })
  action: string;

  @ApiProperty({ enum: ['group', 'tool', 'key'] })
  kind: string;

  @ApiProperty({ description: 'server_code', example: 'customer-service' })
  group: string;

  @ApiProperty({ type: String, nullable: true, description: 'Of the tool or key; null: the group itself' })
  name: string | null;

  @ApiProperty({ type: [FieldChangeDto] })
  fields: readonly FieldChangeDto[];
}

export class ConfigurationDiffDto {
  @ApiProperty({ description: 'Send it as If-Match with apply: the state that the changes begin from' })
  etag: string;

  @ApiProperty({ type: [ChangeDto], description: 'Empty: nothing to do' })
  changes: readonly ChangeDto[];
}

class NewKeyDto {
  @ApiProperty({ description: 'server_code' })
  group: string;

  @ApiProperty()
  name: string;

  @ApiProperty({ description: 'Shown here once; GET /api/v1/admin/groups/{id}/api-key shows it later' })
  api_key: string;
}

export class ConfigurationAppliedDto extends ConfigurationDiffDto {
  @ApiProperty({ description: 'False: a dry run, or nothing to do' })
  applied: boolean;

  @ApiProperty({ type: [NewKeyDto], description: 'Keys that were made, for a caller with keys.reveal' })
  keys: readonly NewKeyDto[];
}
