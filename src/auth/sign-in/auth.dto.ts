import { ApiProperty, ApiPropertyOptional, OmitType } from '@nestjs/swagger';
import { Transform } from 'class-transformer';
import { IsString, isEmail, Length, MaxLength, ValidateBy, ValidateIf } from 'class-validator';
import { toAddress } from '../../platform/identity-text.js';
import { MayBeAbsent, Trimmed } from '../../platform/rest/rest.dto.js';
import { ALL_PERMISSIONS, type Permission } from '../../access/permissions.js';

/** For addresses. */
export const lowerCase = ({ value }: { value: unknown }) =>
  typeof value === 'string' ? value.trim().toLowerCase() : value;

/** An address as it may be typed: the one that is meant is looked for in `addressForms`, some of which are on file as typed. */
const IsAddressInAnyForm = (): PropertyDecorator =>
  ValidateBy({
    name: 'isEmail',
    validator: { validate: isAddress, defaultMessage: () => '$property must be an email' },
  });

function isAddress(value: unknown): boolean {
  return typeof value === 'string' && isEmail(toAddress(value), { require_tld: false });
}

/** Who is meant: by address, or by username. */
export class LoginDto {
  @ApiPropertyOptional({ example: 'admin@example.com', description: 'Either this or `username`' })
  @ValidateIf(({ username, email }: LoginDto) => username === undefined || email !== undefined)
  @Transform(lowerCase)
  @IsAddressInAnyForm()
  @MaxLength(254)
  email?: string;

  @ApiPropertyOptional({ example: 'admin', description: 'Either this or `email`' })
  @MayBeAbsent()
  @Trimmed()
  @IsString()
  @Length(1, 64)
  username?: string;

  @ApiPropertyOptional({ description: 'Name of the tenant; only needed by someone who is known to several' })
  @MayBeAbsent()
  @IsString()
  @Length(1, 100)
  tenant?: string;
}

export class SignInDto extends LoginDto {
  @ApiProperty()
  @IsString()
  @Length(1, 256)
  password: string;
}

export class FinishSignInDto {
  @ApiProperty({ description: 'As POST /auth/login gave it' })
  @IsString()
  @Length(1, 128)
  mfa_token: string;

  @ApiProperty({ example: '492039', description: 'Of the authenticator app, or a recovery code' })
  @IsString()
  @Length(6, 32)
  code: string;
}

export class RefreshDto {
  @ApiProperty()
  @IsString()
  @Length(1, 128)
  refresh_token: string;
}

export class ProfileDto {
  @ApiProperty({ format: 'uuid' })
  id: string;

  @ApiProperty()
  email: string;

  @ApiProperty()
  username: string;

  @ApiProperty()
  display_name: string;

  @ApiProperty({ type: [String] })
  roles: string[];

  @ApiProperty({ format: 'uuid' })
  tenant_id: string;

  @ApiProperty()
  tenant_name: string;

  @ApiProperty({ enum: ALL_PERMISSIONS, isArray: true, description: 'What the roles allow here' })
  permissions: Permission[];
}

export class TokensDto {
  @ApiProperty()
  access_token: string;

  @ApiProperty({ enum: ['Bearer'] })
  token_type: 'Bearer';

  @ApiProperty({ description: 'Seconds until the access token expires' })
  expires_in: number;

  @ApiProperty({ description: 'Works once; each refresh gives the next one' })
  refresh_token: string;
}

export type Tokens = Readonly<Pick<TokensDto, keyof TokensDto>>;

export class SignedInDto extends TokensDto {
  @ApiProperty()
  user: ProfileDto;
}

/** Without what the cookie holds. */
export class BrowserTokensDto extends OmitType(TokensDto, ['refresh_token']) {}
export class BrowserSignedInDto extends OmitType(SignedInDto, ['refresh_token']) {}

/** The password was right, the second factor is to come: POST /auth/login/totp. */
export class MfaRequiredDto {
  @ApiProperty({ enum: [true] })
  mfa_required: true;

  @ApiProperty({ description: 'Opens nothing but POST /auth/login/totp' })
  mfa_token: string;

  @ApiProperty({ description: 'Seconds until the mfa_token expires' })
  expires_in: number;
}
