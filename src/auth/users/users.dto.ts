import { applyDecorators } from '@nestjs/common';
import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { Transform } from 'class-transformer';
import {
  ArrayUnique,
  IsArray,
  IsBoolean,
  IsEmail,
  IsIn,
  IsOptional,
  IsString,
  Length,
  Matches,
  MaxLength,
  ValidateIf,
} from 'class-validator';
import { toAddress, toUsername } from '../../platform/identity-text.js';
import { PASSWORD_MAX, PASSWORD_MIN } from '../sign-in/password-rules.js';
import { ROLES, type Role } from '../../access/permissions.js';
import { MayBeAbsent, Named, PageQueryDto, QueryBoolean } from '../../platform/rest/rest.dto.js';

const USERNAME = /^[a-z0-9][a-z0-9._-]{1,63}$/;
const PHONE = /^\+[1-9]\d{6,14}$/;

export class UserQueryDto extends PageQueryDto {
  @ApiPropertyOptional({ description: 'Part of the name, username, address or phone number' })
  @IsOptional()
  @IsString()
  @MaxLength(100)
  q?: string;

  @ApiPropertyOptional({ enum: ROLES })
  @IsOptional()
  @IsIn(ROLES)
  role?: Role;

  @ApiPropertyOptional({ example: 'vip' })
  @IsOptional()
  @IsString()
  @MaxLength(32)
  tier?: string;

  @ApiPropertyOptional()
  @IsOptional()
  @QueryBoolean()
  @IsBoolean()
  enabled?: boolean;
}

/** What is told of every new person. */
export class NewPersonDto {
  @ApiProperty({ example: 'emma@example.com' })
  @IsAddress()
  email: string;

  @ApiPropertyOptional({ example: 'emma', description: 'Left out: made from the address' })
  @MayBeAbsent()
  @IsUsername()
  username?: string;

  @ApiProperty({ example: 'Emma Stone' })
  @IsName()
  display_name: string;

  @ApiPropertyOptional({ type: String, nullable: true, example: '+8613800138000', description: 'E.164' })
  @IsPhone()
  phone?: string | null;
}

export class CreateUserDto extends NewPersonDto {
  @ApiProperty({ enum: ROLES, isArray: true, description: 'None above your own' })
  @IsRoles()
  roles: Role[];

  @ApiPropertyOptional({ example: 'standard', description: 'One of USER_TIERS' })
  @MayBeAbsent()
  @IsString()
  @MaxLength(32)
  tier?: string;

  @ApiPropertyOptional({
    minLength: PASSWORD_MIN,
    maxLength: PASSWORD_MAX,
    description: 'Left out: none yet',
  })
  @MayBeAbsent()
  @IsString()
  @MaxLength(2 * PASSWORD_MAX)
  password?: string;
}

export class UpdateUserDto {
  @ApiPropertyOptional()
  @MayBeAbsent()
  @IsAddress()
  email?: string;

  @ApiPropertyOptional()
  @MayBeAbsent()
  @IsUsername()
  username?: string;

  @ApiPropertyOptional()
  @MayBeAbsent()
  @IsName()
  display_name?: string;

  @ApiPropertyOptional({ type: String, nullable: true, description: 'E.164' })
  @IsPhone()
  phone?: string | null;

  @ApiPropertyOptional({ enum: ROLES, isArray: true, description: 'None above your own' })
  @MayBeAbsent()
  @IsRoles()
  roles?: Role[];

  @ApiPropertyOptional({ description: 'One of USER_TIERS' })
  @MayBeAbsent()
  @IsString()
  @MaxLength(32)
  tier?: string;

  @ApiPropertyOptional({ description: 'false: their sign-ins and tokens end at once' })
  @MayBeAbsent()
  @IsBoolean()
  enabled?: boolean;
}

export class UserDto {
  @ApiProperty({ format: 'uuid' })
  id: string;

  @ApiProperty()
  username: string;

  @ApiProperty()
  email: string;

  @ApiProperty()
  display_name: string;

  @ApiProperty({ type: String, nullable: true })
  phone: string | null;

  @ApiProperty({ type: [String] })
  roles: readonly string[];

  @ApiProperty()
  tier: string;

  @ApiProperty()
  enabled: boolean;

  @ApiProperty()
  has_password: boolean;

  @ApiProperty()
  has_second_factor: boolean;

  @ApiProperty({ description: 'Grows with every change; the ETag' })
  version: number;

  @ApiProperty({ format: 'date-time' })
  created_at: string;

  @ApiProperty({ format: 'date-time' })
  updated_at: string;
}

export class PasswordResetDto {
  @ApiProperty({ description: 'For POST /auth/password/reset; works once, and is not shown again' })
  token: string;

  @ApiProperty({ description: 'Seconds until it expires' })
  expires_in: number;
}

/** A text is written in one way; anything else stays as it is and is refused. */
function written(write: (text: string) => string) {
  return ({ value }: { value: unknown }) => (typeof value === 'string' ? write(value) : value);
}

export function IsAddress(): PropertyDecorator {
  return applyDecorators(Transform(written(toAddress)), IsEmail({ require_tld: false }), MaxLength(254));
}

export function IsUsername(): PropertyDecorator {
  const message = '$property must be 2 to 64 of a-z, 0-9, ., _ and -, beginning with a letter or digit';
  return applyDecorators(Transform(written(toUsername)), Matches(USERNAME, { message }));
}

export function IsName(): PropertyDecorator {
  return applyDecorators(Named(), IsString(), Length(1, 100));
}

/** May be left out, and null. */
export function IsPhone(): PropertyDecorator {
  const message = '$property must be in E.164, e.g. +8613800138000';
  return applyDecorators(
    ValidateIf((_dto, value) => value !== undefined && value !== null),
    Matches(PHONE, { message }),
  );
}

export function IsRoles(): PropertyDecorator {
  return applyDecorators(IsArray(), ArrayUnique(), IsIn(ROLES, { each: true }));
}
