import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { IsBoolean, IsIn, IsString, Length, MaxLength } from 'class-validator';
import { PASSWORD_MAX, PASSWORD_MIN } from '../sign-in/password-rules.js';
import { REGISTRATION, type Registration, type SignInSettings } from '../sign-in/sign-in-settings.entity.js';
import { MayBeAbsent } from '../../platform/rest/rest.dto.js';
import { NewPersonDto } from './users.dto.js';

export class RegisterDto extends NewPersonDto {
  @ApiProperty({ description: 'Name of the tenant', example: 'default' })
  @IsString()
  @Length(1, 100)
  tenant: string;

  @ApiPropertyOptional({ description: 'Where the tenant asks for one' })
  @MayBeAbsent()
  @IsString()
  @Length(1, 64)
  code?: string;

  @ApiProperty({ minLength: PASSWORD_MIN, maxLength: PASSWORD_MAX })
  @IsString()
  @MaxLength(2 * PASSWORD_MAX)
  password: string;
}

/** Of a customer who is known to the tenant's own backend. */
export class RegisterForDto extends NewPersonDto {
  @ApiPropertyOptional({
    minLength: PASSWORD_MIN,
    maxLength: PASSWORD_MAX,
    description: 'Left out: none yet; the customer signs in elsewhere, or asks for one by mail',
  })
  @MayBeAbsent()
  @IsString()
  @MaxLength(2 * PASSWORD_MAX)
  password?: string;
}

export class RegisteredDto {
  @ApiProperty({ format: 'uuid' })
  id: string;

  @ApiProperty()
  email: string;

  @ApiProperty()
  username: string;

  @ApiProperty({ type: [String], example: ['customer'] })
  roles: readonly string[];

  @ApiProperty({
    description: 'false: a message with what to do is on its way; the account counts once that is done',
  })
  verified: boolean;
}

export class VerifyAddressDto {
  @ApiProperty({ description: 'From the message that came by mail' })
  @IsString()
  @Length(1, 100)
  token: string;
}

export class UpdateSignInSettingsDto {
  @ApiPropertyOptional({
    enum: REGISTRATION,
    description: '`open` to whoever names the tenant; `code`: to whoever knows the registration code',
  })
  @MayBeAbsent()
  @IsIn(REGISTRATION)
  registration?: Registration;

  @ApiPropertyOptional({ description: 'For people with a role of the platform' })
  @MayBeAbsent()
  @IsBoolean()
  require_second_factor?: boolean;

  @ApiPropertyOptional({
    description:
      'Whoever registers proves their address by mail before the account counts; only where mail is set up',
  })
  @MayBeAbsent()
  @IsBoolean()
  verify_addresses?: boolean;
}

export class SignInSettingsDto {
  @ApiProperty({ enum: REGISTRATION })
  registration: Registration;

  @ApiProperty()
  has_registration_code: boolean;

  @ApiProperty()
  require_second_factor: boolean;

  @ApiProperty({ description: 'Counts as soon as an e-mail channel is set up' })
  verify_addresses: boolean;

  @ApiProperty({ description: 'Grows with every change; the ETag' })
  version: number;
}

export class RegistrationCodeDto {
  @ApiProperty({ description: 'Not shown again; the one before stops working' })
  code: string;
}

export function toSignInSettingsDto(row: SignInSettings): SignInSettingsDto {
  return {
    registration: row.registration,
    has_registration_code: row.registrationCodeHash !== null,
    require_second_factor: row.requireSecondFactor,
    verify_addresses: row.verifyAddresses,
    version: row.version,
  };
}
