import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import {
  ArrayMaxSize,
  ArrayUnique,
  IsArray,
  IsBoolean,
  IsIn,
  IsInt,
  IsString,
  Matches,
  Max,
  MaxLength,
  Min,
} from 'class-validator';
import { ROLES } from '../permissions.js';
import { MayBeAbsent } from '../../platform/rest/rest.dto.js';

const FEATURE_NAME = /^[a-z0-9][a-z0-9._-]{0,63}$/;

/** `:name` of a path. */
export class FeatureParam {
  @ApiProperty({ example: 'new-consultation-page', pattern: FEATURE_NAME.source })
  @Matches(FEATURE_NAME, { message: 'name must be 1 to 64 of a-z, 0-9, ., _ and -' })
  name: string;
}

export class PutFeatureDto {
  @ApiPropertyOptional({ description: 'false, as of a new switch: off for everyone' })
  @MayBeAbsent()
  @IsBoolean()
  enabled?: boolean;

  @ApiPropertyOptional({
    minimum: 0,
    maximum: 100,
    description: 'Of people and applications; 100 of a new switch',
  })
  @MayBeAbsent()
  @IsInt()
  @Min(0)
  @Max(100)
  percentage?: number;

  @ApiPropertyOptional({
    type: [String],
    enum: ROLES,
    description: 'The user needs one of them; empty: anyone',
  })
  @MayBeAbsent()
  @IsArray()
  @ArrayMaxSize(ROLES.length)
  @ArrayUnique()
  @IsIn(ROLES, { each: true })
  roles?: string[];

  @ApiPropertyOptional({ maxLength: 500 })
  @MayBeAbsent()
  @IsString()
  @MaxLength(500)
  description?: string;
}

export class FeatureDto {
  @ApiProperty()
  name: string;

  @ApiProperty({
    enum: ['tenant', 'installation'],
    description: "Whose it is. A tenant's own replaces the installation's of the same name",
  })
  scope: 'tenant' | 'installation';

  @ApiProperty()
  description: string;

  @ApiProperty()
  enabled: boolean;

  @ApiProperty()
  percentage: number;

  @ApiProperty({ type: [String] })
  roles: string[];

  @ApiProperty({ description: 'Grows with each change; also the ETag, for If-Match' })
  version: number;

  @ApiProperty({ format: 'date-time' })
  created_at: string;

  @ApiProperty({ format: 'date-time' })
  updated_at: string;
}

export class OwnFeatureDto {
  @ApiProperty()
  name: string;

  @ApiProperty()
  enabled: boolean;
}
