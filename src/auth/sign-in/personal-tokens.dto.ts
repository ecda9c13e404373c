import { ApiProperty } from '@nestjs/swagger';
import { ArrayMinSize, ArrayUnique, IsArray, IsIn, IsString, Length } from 'class-validator';
import { Time, Trimmed } from '../../platform/rest/rest.dto.js';
import { ALL_PERMISSIONS, type Permission } from '../../access/permissions.js';
import type { PersonalToken } from './personal-token.entity.js';

export class CreatePersonalTokenDto {
  @ApiProperty({ example: 'nightly export', minLength: 1, maxLength: 100 })
  @Trimmed()
  @IsString()
  @Length(1, 100)
  name: string;

  @ApiProperty({ enum: ALL_PERMISSIONS, isArray: true, example: ['calls.read'] })
  @IsArray()
  @ArrayMinSize(1)
  @ArrayUnique()
  @IsIn(ALL_PERMISSIONS, { each: true })
  scopes: Permission[];

  @ApiProperty({ format: 'date-time', description: 'At most a year away' })
  @Time()
  expires_at: Date;
}

export class PersonalTokenDto {
  @ApiProperty({ format: 'uuid' })
  id: string;

  @ApiProperty()
  name: string;

  @ApiProperty({ example: 'tcp_4fQz', description: 'Its beginning, to recognise it by' })
  prefix: string;

  @ApiProperty({ type: [String] })
  scopes: readonly string[];

  @ApiProperty({ format: 'date-time' })
  expires_at: string;

  @ApiProperty({ format: 'date-time', type: String, nullable: true })
  last_used_at: string | null;

  @ApiProperty({ format: 'date-time', type: String, nullable: true })
  revoked_at: string | null;

  @ApiProperty({ format: 'date-time' })
  created_at: string;
}

export class CreatedPersonalTokenDto extends PersonalTokenDto {
  @ApiProperty({ description: 'The token itself; it is not shown again' })
  token: string;
}

export function toPersonalTokenDto(row: PersonalToken): PersonalTokenDto {
  return {
    id: row.id,
    name: row.name,
    prefix: row.prefix,
    scopes: row.scopes,
    expires_at: row.expiresAt.toISOString(),
    last_used_at: row.lastUsedAt?.toISOString() ?? null,
    revoked_at: row.revokedAt?.toISOString() ?? null,
    created_at: row.createdAt.toISOString(),
  };
}
