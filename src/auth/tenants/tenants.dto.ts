import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { Transform } from 'class-transformer';
import { IsEmail, IsOptional, IsString, Length, Matches, MaxLength } from 'class-validator';
import { Named, PageQueryDto, Trimmed } from '../../platform/rest/rest.dto.js';
import { toAddress } from '../../platform/identity-text.js';
import { TENANT_JOB_STATUSES, type TenantJobStatus } from './tenant-job.entity.js';

const asAddress = ({ value }: { value: unknown }) => (typeof value === 'string' ? toAddress(value) : value);

export class TenantQueryDto extends PageQueryDto {
  @ApiPropertyOptional({ description: 'Part of the name' })
  @IsOptional()
  @IsString()
  @MaxLength(100)
  q?: string;
}

export class RenameTenantDto {
  @ApiProperty({ description: 'Unique in the installation', maxLength: 100, example: 'Harbour Clinic' })
  @Named()
  @IsString()
  @Length(1, 100)
  @Matches(/^[^\p{C}]*$/u, { message: 'must not hold control characters' })
  name: string;
}

export class CreateTenantDto extends RenameTenantDto {
  @ApiProperty({ description: 'Of its first owner', example: 'owner@harbour.example' })
  @Transform(asAddress)
  @IsEmail({ require_tld: false })
  @MaxLength(254)
  owner_email: string;

  @ApiPropertyOptional({ maxLength: 100, description: 'Of its first owner; the address when absent' })
  @IsOptional()
  @Trimmed()
  @IsString()
  @Length(1, 100)
  owner_name?: string;
}

export class DeleteTenantQueryDto {
  @ApiProperty({ description: "The tenant's name, letter by letter, to show that this one is meant" })
  @IsString()
  @MaxLength(100)
  confirm: string;
}

export class TenantDto {
  @ApiProperty({ format: 'uuid' })
  id: string;

  @ApiProperty()
  name: string;

  @ApiProperty({
    enum: ['active', 'suspended', 'deleting'],
    description: 'suspended: none of its keys, tokens and sign-ins works',
  })
  status: 'active' | 'suspended' | 'deleting';

  @ApiProperty({ description: 'Runs the installation' })
  is_operating: boolean;

  @ApiProperty()
  user_count: number;

  @ApiProperty()
  group_count: number;

  @ApiProperty({ description: 'Group keys that work, or would if the tenant were not suspended' })
  active_key_count: number;

  @ApiProperty({ description: 'Grows with each change; also the ETag, for If-Match' })
  version: number;

  @ApiProperty({ format: 'date-time' })
  created_at: string;
}

export class CreatedTenantDto extends TenantDto {
  @ApiProperty()
  owner_email: string;

  @ApiProperty({ description: 'Shown this once; the owner changes it after the first sign-in' })
  owner_password: string;
}

export class TenantJobDto {
  @ApiProperty({ format: 'uuid' })
  id: string;

  @ApiProperty({ enum: ['delete'] })
  kind: 'delete';

  @ApiProperty({ format: 'uuid', description: 'The tenant it is about' })
  subject_id: string;

  @ApiProperty()
  subject_name: string;

  @ApiProperty({ enum: TENANT_JOB_STATUSES })
  status: TenantJobStatus;

  @ApiProperty({ description: 'Rows done so far; rows that went with others are not counted' })
  done_rows: number;

  @ApiProperty({ type: Number, nullable: true, description: 'Counted when the work began' })
  total_rows: number | null;

  @ApiProperty({ type: String, nullable: true, description: 'Why the last step failed' })
  error: string | null;

  @ApiProperty({ type: String, format: 'uuid', nullable: true })
  requested_by: string | null;

  @ApiProperty({ format: 'date-time' })
  created_at: string;

  @ApiProperty({ type: String, format: 'date-time', nullable: true })
  started_at: string | null;

  @ApiProperty({ type: String, format: 'date-time', nullable: true })
  finished_at: string | null;
}
