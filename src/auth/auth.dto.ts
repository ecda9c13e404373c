import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { Transform } from 'class-transformer';
import { IsEmail, IsString, Length, MaxLength } from 'class-validator';
import { MayBeAbsent } from '../common/rest.dto.js';

const lowerCase = ({ value }: { value: unknown }) =>
  typeof value === 'string' ? value.trim().toLowerCase() : value;

export class SignInDto {
  @ApiProperty({ example: 'admin@example.com' })
  @Transform(lowerCase)
  @IsEmail({ require_tld: false })
  @MaxLength(254)
  email: string;

  @ApiProperty()
  @IsString()
  @Length(1, 256)
  password: string;

  @ApiPropertyOptional({ description: 'Name of the tenant; only needed by someone who is known to several' })
  @MayBeAbsent()
  @IsString()
  @Length(1, 100)
  tenant?: string;
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
