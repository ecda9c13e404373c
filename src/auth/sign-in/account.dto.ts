import { ApiProperty } from '@nestjs/swagger';
import { IsString, Length, MaxLength } from 'class-validator';
import { MayBeAbsent } from '../../platform/rest/rest.dto.js';
import { LoginDto } from './auth.dto.js';
import { PASSWORD_MAX, PASSWORD_MIN } from './password-rules.js';
import type { SecondFactorState } from './second-factors.service.js';
import type { Session } from './session.entity.js';

/** A new password as OpenAPI tells it; the rules beyond its length are in `password-rules.ts`. */
const NEW_PASSWORD = {
  minLength: PASSWORD_MIN,
  maxLength: PASSWORD_MAX,
  description: 'Any characters; not one that guessers try first',
};

export class ChangePasswordDto {
  @ApiProperty()
  @IsString()
  @Length(1, PASSWORD_MAX)
  old_password: string;

  @ApiProperty(NEW_PASSWORD)
  @IsString()
  @MaxLength(2 * PASSWORD_MAX)
  new_password: string;
}

export class ForgottenPasswordDto extends LoginDto {}

export class ResetPasswordDto {
  @ApiProperty()
  @IsString()
  @Length(1, 128)
  token: string;

  @ApiProperty(NEW_PASSWORD)
  @IsString()
  @MaxLength(2 * PASSWORD_MAX)
  new_password: string;
}

export class SessionDto {
  @ApiProperty({ format: 'uuid' })
  id: string;

  @ApiProperty({ enum: ['password', 'oidc'] })
  method: string;

  @ApiProperty({ type: String, nullable: true, description: 'At the last use' })
  ip: string | null;

  @ApiProperty({ type: String, nullable: true, description: 'At the last use' })
  user_agent: string | null;

  @ApiProperty({ format: 'date-time' })
  created_at: string;

  @ApiProperty({ format: 'date-time', description: 'Of the last sign-in or refresh' })
  last_used_at: string;

  @ApiProperty({ description: 'The one this request came with' })
  current: boolean;
}

export function toSessionDto(session: Session, current?: string): SessionDto {
  return {
    id: session.id,
    method: session.method,
    ip: session.ip,
    user_agent: session.userAgent,
    created_at: session.createdAt.toISOString(),
    last_used_at: session.lastUsedAt.toISOString(),
    current: session.id === current,
  };
}

export class SecondFactorDto {
  @ApiProperty()
  enabled: boolean;

  @ApiProperty()
  recovery_codes_left: number;

  @ApiProperty({ description: 'Your tenant asks for one' })
  missing: boolean;
}

export function toSecondFactorDto(state: SecondFactorState, missing = false): SecondFactorDto {
  return { enabled: state.enabled, recovery_codes_left: state.recoveryCodesLeft, missing };
}

/** The password of whoever signs in with one. */
export class EnrolSecondFactorDto {
  @ApiProperty({ required: false, description: 'Needed by whoever has one' })
  @MayBeAbsent()
  @IsString()
  @Length(1, PASSWORD_MAX)
  password?: string;
}

export class EnrolledSecondFactorDto {
  @ApiProperty({ description: 'Base32, for apps without a camera' })
  secret: string;

  @ApiProperty({ description: 'otpauth:// URI, for a QR code' })
  uri: string;
}

export class CodeDto {
  @ApiProperty({ example: '492039' })
  @IsString()
  @Length(6, 32)
  code: string;
}

export class DisableSecondFactorDto extends CodeDto {
  @ApiProperty({ required: false, description: 'Needed by whoever has one' })
  @MayBeAbsent()
  @IsString()
  @Length(1, PASSWORD_MAX)
  password?: string;
}

export class RecoveryCodesDto {
  @ApiProperty({
    type: [String],
    description: 'Each works once instead of a code of the app; not shown again',
  })
  recovery_codes: readonly string[];
}
