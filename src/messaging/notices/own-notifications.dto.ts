import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { Type as As } from 'class-transformer';
import {
  ArrayMaxSize,
  ArrayMinSize,
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
  ValidateIf,
  ValidateNested,
} from 'class-validator';
import { MayBeAbsent } from '../../platform/rest/rest.dto.js';
import { CHANNEL_KINDS, type Language, LANGUAGES } from './notice.js';

const TIME = /^([01]\d|2[0-3]):[0-5]\d$/;
const TIME_WRONG = { message: 'must be a time of the day as in 22:00' };
const EVERY_DAY = [1, 2, 3, 4, 5, 6, 7];

export class QuietHoursDto {
  @ApiProperty({ example: '22:00', description: 'In your time zone' })
  @Matches(TIME, TIME_WRONG)
  from: string;

  @ApiProperty({ example: '07:00', description: 'Before `from`: over midnight' })
  @Matches(TIME, TIME_WRONG)
  to: string;

  @ApiPropertyOptional({
    type: [Number],
    default: EVERY_DAY,
    example: EVERY_DAY,
    description: 'Days on which they begin: 1 is Monday, 7 is Sunday',
  })
  @MayBeAbsent()
  @IsArray()
  @ArrayMinSize(1)
  @ArrayMaxSize(7)
  @ArrayUnique()
  @IsInt({ each: true })
  @Min(1, { each: true })
  @Max(7, { each: true })
  days?: number[];
}

export class UpdatePreferencesDto {
  @ApiPropertyOptional({
    type: String,
    nullable: true,
    enum: LANGUAGES,
    description: 'null: as each channel says',
  })
  @ValidateIf((_dto, value) => value !== undefined && value !== null)
  @IsIn(LANGUAGES)
  language?: Language | null;

  @ApiPropertyOptional({ example: 'Asia/Shanghai', description: 'IANA name' })
  @MayBeAbsent()
  @IsString()
  @Length(1, 64)
  time_zone?: string;

  @ApiPropertyOptional({ type: QuietHoursDto, nullable: true, description: 'null: none' })
  @ValidateIf((_dto, value) => value !== undefined && value !== null)
  @IsObject()
  @ValidateNested()
  @As(() => QuietHoursDto)
  quiet_hours?: QuietHoursDto | null;
}

export class PreferencesDto {
  @ApiProperty({ type: String, nullable: true, enum: LANGUAGES })
  language: string | null;

  @ApiProperty({ example: 'Asia/Shanghai' })
  time_zone: string;

  @ApiProperty({ type: QuietHoursDto, nullable: true })
  quiet_hours: QuietHoursDto | null;

  @ApiProperty({ description: 'Grows with each change, 0: never; also the ETag, for If-Match' })
  version: number;
}

export class OwnChannelDto {
  @ApiProperty({ format: 'uuid' })
  id: string;

  @ApiProperty({ example: 'Team mail' })
  name: string;

  @ApiProperty({ enum: CHANNEL_KINDS })
  kind: string;

  @ApiProperty({ description: 'Whether you left it on' })
  enabled: boolean;

  @ApiProperty({ description: 'Whether it takes a token of your own' })
  takes_token: boolean;

  @ApiProperty({ description: 'Whether you gave one' })
  has_token: boolean;

  @ApiProperty({ description: 'Whether it reaches you as things are' })
  reaches_you: boolean;
}

export class UpdateOwnChannelDto {
  @ApiPropertyOptional({ description: 'false: it does not tell you' })
  @MayBeAbsent()
  @IsBoolean()
  enabled?: boolean;

  @ApiPropertyOptional({
    type: String,
    nullable: true,
    writeOnly: true,
    example: 'IYUU123T456',
    description: 'Your own, of a form service. Stored encrypted, never shown; null removes it',
  })
  @ValidateIf((_dto, value) => value !== undefined && value !== null)
  @IsString()
  @Length(1, 500)
  token?: string | null;
}

class SubscriptionKeysDto {
  @ApiProperty({
    example: 'BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4',
  })
  @Matches(/^[\w-]{87}=?$/, { message: 'must be an uncompressed P-256 point in base64url' })
  p256dh: string;

  @ApiProperty({ example: 'BTBZMqHH6r4Tts7J_aSIgg' })
  @Matches(/^[\w-]{22}(==)?$/, { message: 'must be 16 bytes in base64url' })
  auth: string;
}

/** `JSON.stringify(subscription)` of the browser, without `expirationTime`. */
export class SubscribeDto {
  @ApiProperty({ example: 'https://push.example.com/send/abc' })
  @IsString()
  @Length(1, 1000)
  endpoint: string;

  @ApiProperty({ type: SubscriptionKeysDto })
  @IsObject()
  @ValidateNested()
  @As(() => SubscriptionKeysDto)
  keys: SubscriptionKeysDto;
}

export class SubscriptionDto {
  @ApiProperty({ format: 'uuid' })
  id: string;

  @ApiProperty({ example: 'push.example.com', description: 'Of the push service' })
  host: string;

  @ApiProperty({ type: String, nullable: true })
  user_agent: string | null;

  @ApiProperty({ format: 'date-time' })
  created_at: string;
}

export class PushKeyDto {
  @ApiProperty({ description: '`applicationServerKey` for `pushManager.subscribe`, base64url' })
  public_key: string;
}
