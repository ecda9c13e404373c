import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { Type as As } from 'class-transformer';
import {
  ArrayUnique,
  IsArray,
  IsBoolean,
  IsIn,
  IsInt,
  IsObject,
  IsString,
  Length,
  Matches,
  Max,
  Min,
  ValidateNested,
} from 'class-validator';
import { MayBeAbsent, Named } from '../../platform/rest/rest.dto.js';
import {
  EmailSettingsDto,
  FormSettingsDto,
  NO_CONTROL,
  PRINTABLE,
  ShownEmailSettingsDto,
  ShownFormSettingsDto,
  WebhookSettingsDto,
  WebPushSettingsDto,
} from './channel-settings.dto.js';
import { AUDIENCES, CHANNEL_KINDS, LANGUAGES, NOTICE_KINDS } from '../notices/notice.js';

export class UpdateChannelDto {
  @ApiPropertyOptional({ description: 'Unique among the channels of the tenant', example: 'Team mail' })
  @MayBeAbsent()
  @Named()
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
  @Named()
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
