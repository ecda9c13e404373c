import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import {
  ArrayMaxSize,
  ArrayUnique,
  IsArray,
  IsEmail,
  IsIn,
  IsInt,
  IsObject,
  IsString,
  Length,
  Matches,
  Max,
  MaxLength,
  Min,
} from 'class-validator';
import { MayBeAbsent, Trimmed } from '../../platform/rest/rest.dto.js';
import { SMTP_SECURITY } from './channel-settings.js';

/** Texts that go into headers. */
export const PRINTABLE = /^[^\p{C}]*$/u;
export const NO_CONTROL = { message: 'must not hold control characters' };

export class WebhookSettingsDto {
  @ApiProperty({ example: 'https://example.com/hooks/toolcrib', description: 'What we post signed JSON to' })
  @IsString()
  @Length(1, 1000)
  url: string;
}

/** As it is shown. */
export class ShownEmailSettingsDto {
  @ApiProperty({ example: 'smtp.example.com' })
  @Trimmed()
  @IsString()
  @Length(1, 253)
  host: string;

  @ApiProperty({ minimum: 1, maximum: 65_535, example: 587 })
  @IsInt()
  @Min(1)
  @Max(65_535)
  port: number;

  @ApiProperty({
    enum: SMTP_SECURITY,
    description:
      '`tls` from the start (465), `starttls` required (587), `none`: in the clear, without a user',
  })
  @IsIn(SMTP_SECURITY)
  security: (typeof SMTP_SECURITY)[number];

  @ApiPropertyOptional({ description: 'To sign in with', example: 'alerts@example.com' })
  @MayBeAbsent()
  @IsString()
  @Length(1, 254)
  @Matches(PRINTABLE, NO_CONTROL)
  user?: string;

  @ApiProperty({ example: 'alerts@example.com', description: 'The sender' })
  @IsEmail()
  from_address: string;

  @ApiPropertyOptional({ example: 'Example alerts' })
  @MayBeAbsent()
  @IsString()
  @MaxLength(100)
  @Matches(PRINTABLE, NO_CONTROL)
  from_name?: string;

  @ApiPropertyOptional({
    type: [String],
    example: ['team@example.com'],
    description: "Where the team's go: needed with audience `team`",
  })
  @MayBeAbsent()
  @IsArray()
  @ArrayMaxSize(20)
  @ArrayUnique()
  @IsEmail({}, { each: true })
  to?: string[];

  @ApiPropertyOptional({ description: 'Certificate authority to trust beside the public ones, PEM' })
  @MayBeAbsent()
  @IsString()
  @Length(1, 20_000)
  ca?: string;
}

export class EmailSettingsDto extends ShownEmailSettingsDto {
  @ApiPropertyOptional({
    writeOnly: true,
    example: 'a long password',
    description: 'Of `user`. Stored encrypted, never shown; left out of a change, it stays',
  })
  @MayBeAbsent()
  @IsString()
  @Length(1, 500)
  password?: string;
}

export class WebPushSettingsDto {
  @ApiProperty({
    example: 'ops@example.com',
    description: 'Whom the operators of push services may write to (RFC 8292)',
  })
  @IsEmail()
  contact: string;
}

/** As it is shown. */
export class ShownFormSettingsDto {
  @ApiProperty({
    example: 'https://push.example.com/{token}.send',
    description:
      '`{token}` stands for the token: of the channel, or with audience `each` the own one of each person',
  })
  @IsString()
  @Length(1, 1000)
  url: string;

  @ApiPropertyOptional({
    type: 'object',
    additionalProperties: { type: 'string' },
    example: { text: '{{title}}', desp: '{{body}}' },
    description: 'Form fields, with {{title}}, {{body}}, {{link}} and {{id}}. Without it: `text` and `desp`',
  })
  @MayBeAbsent()
  @IsObject()
  fields?: Record<string, string>;

  @ApiPropertyOptional({
    example: 'errcode',
    description: 'Field of a JSON answer that tells success, for services that answer 200 to everything',
  })
  @MayBeAbsent()
  @IsString()
  @Length(1, 100)
  success_field?: string;

  @ApiPropertyOptional({ example: '0', description: 'What it says then' })
  @MayBeAbsent()
  @IsString()
  @MaxLength(100)
  success_value?: string;
}

export class FormSettingsDto extends ShownFormSettingsDto {
  @ApiPropertyOptional({
    writeOnly: true,
    example: 'IYUU123T456',
    description: 'For audience `team`. Stored encrypted, never shown; left out of a change, it stays',
  })
  @MayBeAbsent()
  @IsString()
  @Length(1, 500)
  token?: string;
}
