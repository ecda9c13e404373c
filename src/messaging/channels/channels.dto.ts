import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { Type as As } from 'class-transformer';
import {
  ArrayMaxSize,
  ArrayUnique,
  IsArray,
  IsBoolean,
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
  ValidateNested,
} from 'class-validator';
import { MayBeAbsent, Trimmed } from '../../platform/rest/rest.dto.js';
import { SMTP_SECURITY } from './channel-settings.js';
import { AUDIENCES, CHANNEL_KINDS, LANGUAGES, NOTICE_KINDS } from '../notices/notice.js';

const PRINTABLE = /^[^\p{C}]*$/u;
const NO_CONTROL = { message: 'must not hold control characters' };

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

export class UpdateChannelDto {
  @ApiPropertyOptional({ description: 'Unique among the channels of the tenant', example: 'Team mail' })
  @MayBeAbsent()
  @Trimmed()
  @IsString()
  @Length(1, 100)
  @Matches(PRINTABLE, NO_CONTROL)
  name?: string;

  @ApiPropertyOptional({
    enum: AUDIENCES,
    description: '`each`: one delivery for each recipient; `team`: one for all. Without it: `each`',
  })
  @MayBeAbsent()
  @IsIn(AUDIENCES)
  audience?: (typeof AUDIENCES)[number];

  @ApiPropertyOptional({
    enum: LANGUAGES,
    description: "Of the team's messages and of people who chose none. Without it: `en`",
  })
  @MayBeAbsent()
  @IsIn(LANGUAGES)
  language?: (typeof LANGUAGES)[number];

  @ApiPropertyOptional({ description: 'false: nothing goes this way' })
  @MayBeAbsent()
  @IsBoolean()
  enabled?: boolean;

  @ApiPropertyOptional({
    enum: NOTICE_KINDS,
    isArray: true,
    example: ['admin_alert'],
    description: 'What goes this way; empty: everything',
  })
  @MayBeAbsent()
  @IsArray()
  @ArrayUnique()
  @IsIn(NOTICE_KINDS, { each: true })
  notice_kinds?: (typeof NOTICE_KINDS)[number][];

  @ApiPropertyOptional({ type: WebhookSettingsDto, description: 'Of a webhook' })
  @MayBeAbsent()
  @IsObject()
  @ValidateNested()
  @As(() => WebhookSettingsDto)
  webhook?: WebhookSettingsDto;

  @ApiPropertyOptional({ type: EmailSettingsDto, description: 'Of e-mail; a change gives all of it' })
  @MayBeAbsent()
  @IsObject()
  @ValidateNested()
  @As(() => EmailSettingsDto)
  email?: EmailSettingsDto;

  @ApiPropertyOptional({ type: WebPushSettingsDto, description: 'Of Web Push' })
  @MayBeAbsent()
  @IsObject()
  @ValidateNested()
  @As(() => WebPushSettingsDto)
  web_push?: WebPushSettingsDto;

  @ApiPropertyOptional({ type: FormSettingsDto, description: 'Of a form service; a change gives all of it' })
  @MayBeAbsent()
  @IsObject()
  @ValidateNested()
  @As(() => FormSettingsDto)
  form?: FormSettingsDto;
}

export class CreateChannelDto extends UpdateChannelDto {
  @ApiProperty({ description: 'Unique among the channels of the tenant', example: 'Team mail' })
  @Trimmed()
  @IsString()
  @Length(1, 100)
  @Matches(PRINTABLE, NO_CONTROL)
  declare name: string;

  @ApiProperty({ enum: CHANNEL_KINDS, description: 'The settings go into the field of this name' })
  @IsIn(CHANNEL_KINDS)
  kind: (typeof CHANNEL_KINDS)[number];
}

export class ChannelDto {
  @ApiProperty({ format: 'uuid' })
  id: string;

  @ApiProperty({ example: 'Team mail' })
  name: string;

  @ApiProperty({ enum: CHANNEL_KINDS })
  kind: string;

  @ApiProperty({ enum: AUDIENCES })
  audience: string;

  @ApiProperty({ enum: LANGUAGES })
  language: string;

  @ApiProperty()
  enabled: boolean;

  @ApiProperty({ enum: NOTICE_KINDS, isArray: true, description: 'Empty: everything' })
  notice_kinds: readonly string[];

  @ApiProperty({ type: WebhookSettingsDto, nullable: true })
  webhook: WebhookSettingsDto | null;

  @ApiProperty({ type: ShownEmailSettingsDto, nullable: true })
  email: ShownEmailSettingsDto | null;

  @ApiProperty({ type: WebPushSettingsDto, nullable: true })
  web_push: WebPushSettingsDto | null;

  @ApiProperty({ type: ShownFormSettingsDto, nullable: true })
  form: ShownFormSettingsDto | null;

  @ApiProperty({ description: 'Whether it keeps a secret: of signing, a password, a token' })
  has_secret: boolean;

  @ApiProperty({
    type: String,
    format: 'date-time',
    nullable: true,
    description: 'Until when a webhook is signed with the secret before, too',
  })
  previous_secret_until: string | null;

  @ApiProperty({ description: 'Grows with each change; also the ETag, for If-Match' })
  version: number;

  @ApiProperty({ format: 'date-time' })
  created_at: string;

  @ApiProperty({ format: 'date-time' })
  updated_at: string;
}

export class MadeChannelDto extends ChannelDto {
  @ApiProperty({
    type: String,
    nullable: true,
    description: 'To verify the signatures of a webhook with; not shown again',
  })
  signing_secret: string | null;
}

export class RotateSecretDto {
  @ApiPropertyOptional({
    minimum: 0,
    maximum: 168,
    default: 24,
    description: 'How long messages are signed with the old secret, too',
  })
  @MayBeAbsent()
  @IsInt()
  @Min(0)
  @Max(168)
  overlap_hours?: number;
}

/** What came of a test. */
export class ChannelTestDto {
  @ApiProperty({ description: 'Whether the other side took it' })
  ok: boolean;

  @ApiProperty({ type: Number, nullable: true, description: 'HTTP status or SMTP reply code' })
  status: number | null;

  @ApiProperty({ type: String, nullable: true, example: 'The receiver answered 404' })
  problem: string | null;

  @ApiProperty({ type: Boolean, nullable: true, description: 'Whether it may pass; null: there is none' })
  is_temporary: boolean | null;

  @ApiProperty({ description: 'Milliseconds' })
  duration_ms: number;
}
