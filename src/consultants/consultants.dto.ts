import { ApiProperty, ApiPropertyOptional, OmitType } from '@nestjs/swagger';
import { Type as As } from 'class-transformer';
import {
  ArrayMaxSize,
  ArrayUnique,
  IsArray,
  IsBoolean,
  IsIn,
  IsInt,
  IsString,
  IsUUID,
  Length,
  Matches,
  Max,
  MaxLength,
  Min,
  ValidateNested,
} from 'class-validator';
import { type Language, LANGUAGES } from '../messaging/notices/notice.js';
import type { Role } from '../access/permissions.js';
import { MayBeAbsent } from '../platform/rest/rest.dto.js';
import { ALLOCATIONS, type Allocation, TOLD_ROLES } from './consultant-settings.entity.js';

const SKILLS_MAX = 50;
const SKILL_MAX = 100;
const LEVEL_MAX = 10;
const LEVELS_MAX = 10;
const DAY_SECONDS = 86_400;
const LINK = /^(https?:\/\/\S+)?$/;

export class PutProfileDto {
  @ApiPropertyOptional({
    type: [String],

    example: ['vip', 'laser'],
    description: "Compared with a customer's tier, tags and interests",
  })
  @MayBeAbsent()
  @IsArray()
  @ArrayMaxSize(SKILLS_MAX)
  @ArrayUnique()
  @IsString({ each: true })
  @Length(1, SKILL_MAX, { each: true })
  skills?: string[];

  @ApiPropertyOptional({
    minimum: 1,
    maximum: LEVEL_MAX,

    description: 'Escalations may go to those of at least a level',
  })
  @MayBeAbsent()
  @IsInt()
  @Min(1)
  @Max(LEVEL_MAX)
  level?: number;

  @ApiPropertyOptional({ minimum: 0, maximum: 1000, description: 'Claimed and not closed' })
  @MayBeAbsent()
  @IsInt()
  @Min(0)
  @Max(1000)
  max_open_customers?: number;

  @ApiPropertyOptional({ description: 'false: no customer is offered to them' })
  @MayBeAbsent()
  @IsBoolean()
  available?: boolean;
}

/** What consultants say of themselves: all but their level. */
export class PutOwnProfileDto extends OmitType(PutProfileDto, ['level'] as const) {}

export class ConsultantDto {
  @ApiProperty({ format: 'uuid', description: 'Of the user' })
  id: string;

  @ApiProperty()
  name: string;

  @ApiProperty({ type: [String] })
  skills: string[];

  @ApiProperty()
  level: number;

  @ApiProperty()
  max_open_customers: number;

  @ApiProperty()
  available: boolean;

  @ApiProperty({ description: 'Connected at /ws, to whatever replica' })
  online: boolean;

  @ApiProperty({ description: 'Claimed and not closed' })
  open_customers: number;

  @ApiProperty({ description: 'Offered to them now' })
  offered_customers: number;

  @ApiProperty({ description: 'Of the profile; 0: none was set. Also the ETag, for If-Match' })
  version: number;
}

export class EscalationLevelDto {
  @ApiProperty({
    minimum: 1,
    maximum: DAY_SECONDS,
    example: 300,
    description: 'Since the announcement or the level before',
  })
  @IsInt()
  @Min(1)
  @Max(DAY_SECONDS)
  after_seconds: number;

  @ApiPropertyOptional({
    type: [String],
    enum: TOLD_ROLES,
    example: ['admin'],
    description: 'Whoever has one of them',
  })
  @MayBeAbsent()
  @IsArray()
  @ArrayMaxSize(TOLD_ROLES.length)
  @ArrayUnique()
  @IsIn(TOLD_ROLES, { each: true })
  roles?: Role[];

  @ApiPropertyOptional({
    type: [String],
    format: 'uuid',
    example: [],
    description: 'These people, but customers',
  })
  @MayBeAbsent()
  @IsArray()
  @ArrayMaxSize(100)
  @ArrayUnique()
  @IsUUID(undefined, { each: true })
  user_ids?: string[];

  @ApiPropertyOptional({ type: [String], example: ['vip'], description: 'Consultants who have one of them' })
  @MayBeAbsent()
  @IsArray()
  @ArrayMaxSize(SKILLS_MAX)
  @ArrayUnique()
  @IsString({ each: true })
  @Length(1, SKILL_MAX, { each: true })
  skills?: string[];

  @ApiPropertyOptional({
    minimum: 1,
    maximum: LEVEL_MAX,
    example: 2,
    description: 'Consultants of at least this level',
  })
  @MayBeAbsent()
  @IsInt()
  @Min(1)
  @Max(LEVEL_MAX)
  consultant_level?: number;
}

export class PutConsultantSettingsDto {
  @ApiPropertyOptional({ enum: ALLOCATIONS, description: 'Who is told of a customer first' })
  @MayBeAbsent()
  @IsIn(ALLOCATIONS)
  allocation?: Allocation;

  @ApiPropertyOptional({
    minimum: 1,
    maximum: DAY_SECONDS,

    description: 'How long a customer is offered to one alone',
  })
  @MayBeAbsent()
  @IsInt()
  @Min(1)
  @Max(DAY_SECONDS)
  offer_seconds?: number;

  @ApiPropertyOptional({
    minimum: 1,
    maximum: DAY_SECONDS,

    description: 'Told to consultants with each customer',
  })
  @MayBeAbsent()
  @IsInt()
  @Min(1)
  @Max(DAY_SECONDS)
  expected_response_seconds?: number;

  @ApiPropertyOptional({
    example: 'https://crm.example.com/conversations/{conversation_id}',
    description:
      'Where a consultant answers; empty: the resource /api/v1/conversations/{id} under PUBLIC_URL',
  })
  @MayBeAbsent()
  @IsString()
  @MaxLength(500)
  @Matches(LINK, { message: 'conversation_link must be an http or https URL' })
  conversation_link?: string;

  @ApiPropertyOptional({
    example: true,
    description:
      'false: no consultant is told of a new customer; whom nobody claims is escalated all the same',
  })
  @MayBeAbsent()
  @IsBoolean()
  tell_consultants?: boolean;

  @ApiPropertyOptional({ enum: LANGUAGES, example: 'zh', description: 'Of the words at /ws' })
  @MayBeAbsent()
  @IsIn(LANGUAGES)
  language?: Language;

  @ApiPropertyOptional({
    type: [EscalationLevelDto],
    description:
      'Who is told, one level after the other, while nobody claims. Until it is set: consultants after 300 s, administrators 600 s later',
  })
  @MayBeAbsent()
  @IsArray()
  @ArrayMaxSize(LEVELS_MAX)
  @ValidateNested({ each: true })
  @As(() => EscalationLevelDto)
  levels?: EscalationLevelDto[];

  @ApiPropertyOptional({
    minimum: 1,
    maximum: DAY_SECONDS,

    description: 'After the last level, until administrators are alerted',
  })
  @MayBeAbsent()
  @IsInt()
  @Min(1)
  @Max(DAY_SECONDS)
  alert_after_seconds?: number;
}

export class ConsultantSettingsDto {
  @ApiProperty({ enum: ALLOCATIONS })
  allocation: Allocation;

  @ApiProperty()
  offer_seconds: number;

  @ApiProperty()
  expected_response_seconds: number;

  @ApiProperty()
  conversation_link: string;

  @ApiProperty()
  tell_consultants: boolean;

  @ApiProperty({ enum: LANGUAGES })
  language: Language;

  @ApiProperty({ type: [EscalationLevelDto] })
  levels: EscalationLevelDto[];

  @ApiProperty()
  alert_after_seconds: number;

  @ApiProperty({ description: '0: nothing was set, these are the defaults. Also the ETag, for If-Match' })
  version: number;
}
