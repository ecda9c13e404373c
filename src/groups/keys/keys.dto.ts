import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import {
  ArrayMaxSize,
  ArrayUnique,
  IsArray,
  IsBoolean,
  IsInt,
  IsOptional,
  IsString,
  Length,
  Matches,
  Max,
  MaxLength,
  Min,
  Validate,
  ValidatorConstraint,
  type ValidatorConstraintInterface,
} from 'class-validator';
import { isNetwork } from '../../platform/network/client-address.js';
import { SchemaField } from '../../platform/rest/schema-field.js';
import { type CallLimits, callLimitsSchema } from '../../access/call-limits.js';
import { NETWORKS_MAX } from './key-format.js';
import { MayBeAbsent, PageQueryDto, QueryBoolean, Named, TimeText } from '../../platform/rest/rest.dto.js';

const TOOLS_MAX = 1000;
const OVERLAP_MAX_SECONDS = 30 * 86_400;

@ValidatorConstraint({ name: 'network' })
class NetworkConstraint implements ValidatorConstraintInterface {
  validate(value: unknown): boolean {
    return typeof value === 'string' && isNetwork(value);
  }

  defaultMessage(): string {
    return 'each network must be an address or a CIDR block, e.g. 10.0.0.0/8 or 2001:db8::/32';
  }
}

/** What can be said of a key at any time. */
export class UpdateKeyDto {
  @ApiPropertyOptional({
    description: 'Unique among the active keys of the group',
    example: 'Dify production',
  })
  @MayBeAbsent()
  @Named()
  @IsString()
  @Length(1, 100)
  @Matches(/^[^\p{C}]*$/u, { message: 'must not hold control characters' })
  name?: string;

  @ApiPropertyOptional({
    type: String,
    nullable: true,
    description: 'Who answers for it',
    example: 'team-crm',
  })
  @IsOptional()
  @Named()
  @IsString()
  @Length(1, 200)
  owner?: string | null;

  @ApiPropertyOptional({
    type: String,
    nullable: true,
    description:
      'The application that it is for, e.g. the id of a Dify app: `caller_app_id` of every call with it; null: as the caller says',
    example: '3c90c3cc-0d44-4b50-8888-8dd25736052a',
  })
  @IsOptional()
  @Named()
  @IsString()
  @Length(1, 100)
  @Matches(/^[^\p{C}]*$/u, { message: 'must not hold control characters' })
  app_id?: string | null;

  @ApiPropertyOptional({
    type: String,
    format: 'date-time',
    nullable: true,
    description: 'When it stops by itself; null: never',
    example: '2027-01-31T00:00:00Z',
  })
  @IsOptional()
  @TimeText()
  expires_at?: string | null;

  @ApiPropertyOptional({
    type: [String],
    description: 'CIDR blocks or addresses it may be used from; empty: anywhere',
    example: ['10.0.0.0/8'],
  })
  @MayBeAbsent()
  @IsArray()
  @ArrayMaxSize(NETWORKS_MAX)
  @ArrayUnique()
  @Validate(NetworkConstraint, { each: true })
  allowed_networks?: string[];

  @ApiPropertyOptional({
    type: [String],
    nullable: true,
    description: 'The only tools of the group that it sees; null: all',
    example: ['get_user_profile'],
  })
  @IsOptional()
  @IsArray()
  @ArrayMaxSize(TOOLS_MAX)
  @ArrayUnique()
  @IsString({ each: true })
  @MaxLength(128, { each: true })
  tools?: string[] | null;

  @SchemaField(callLimitsSchema, 'How much may be called with it; replaced as a whole', { per_day: 10_000 })
  limits?: CallLimits;
}

export class CreateKeyDto extends UpdateKeyDto {
  @ApiProperty({ description: 'Unique among the active keys of the group', example: 'Dify production' })
  @Named()
  @IsString()
  @Length(1, 100)
  @Matches(/^[^\p{C}]*$/u, { message: 'must not hold control characters' })
  declare name: string;

  @ApiPropertyOptional({
    default: false,
    description: 'A decoy opens nothing; leave it where a thief would look, and its use raises an alert',
  })
  @MayBeAbsent()
  @IsBoolean()
  decoy?: boolean;
}

export class RotateKeyDto {
  @ApiPropertyOptional({
    default: 0,
    minimum: 0,
    maximum: OVERLAP_MAX_SECONDS,
    description: 'For how long the old key goes on working beside the new one',
    example: 86_400,
  })
  @MayBeAbsent()
  @IsInt()
  @Min(0)
  @Max(OVERLAP_MAX_SECONDS)
  overlap_seconds?: number;
}

export class KeyQueryDto extends PageQueryDto {
  @ApiPropertyOptional({ description: 'true: also those that are revoked or expired' })
  @MayBeAbsent()
  @QueryBoolean()
  @IsBoolean()
  all?: boolean;
}

/** A key without the key. */
export class KeyDto {
  @ApiProperty({ format: 'uuid' })
  id: string;

  @ApiProperty({ format: 'uuid' })
  group_id: string;

  @ApiProperty({ example: 'Dify production' })
  name: string;

  @ApiProperty({ type: String, nullable: true })
  owner: string | null;

  @ApiProperty({ type: String, nullable: true, description: 'The application that it is for' })
  app_id: string | null;

  @ApiProperty({ example: 'mcp_key_Ab3d', description: 'The beginning of the key, to recognise it by' })
  prefix: string;

  @ApiProperty({ enum: ['active', 'retiring', 'revoked'] })
  status: string;

  @ApiProperty({ description: 'Whether it opens the group now' })
  usable: boolean;

  @ApiProperty()
  decoy: boolean;

  @ApiProperty({ type: [String] })
  allowed_networks: string[];

  @ApiProperty({ type: [String], nullable: true })
  tools: string[] | null;

  @ApiProperty({ type: 'object', additionalProperties: true })
  limits: CallLimits;

  @ApiProperty({ type: String, format: 'date-time', nullable: true })
  expires_at: string | null;

  @ApiProperty({ type: String, format: 'date-time', nullable: true })
  last_used_at: string | null;

  @ApiProperty({ type: String, format: 'date-time', nullable: true })
  revoked_at: string | null;

  @ApiProperty({ description: 'Grows with each change; also the ETag, for If-Match' })
  version: number;

  @ApiProperty({ format: 'date-time' })
  created_at: string;
}

/** With the key itself. */
export class RevealedKeyDto extends KeyDto {
  @ApiProperty({ example: 'mcp_key_…', description: 'The key. Whoever has it uses the group' })
  api_key: string;
}

/** One application that used a key. */
export class KeyUserDto {
  @ApiProperty({
    type: String,
    nullable: true,
    description: 'As the key, X-Caller-App-Id or the client names it',
  })
  caller_app_id: string | null;

  @ApiProperty()
  calls: number;

  @ApiProperty({ format: 'date-time' })
  last_call_at: string;
}
