import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { Type } from 'class-transformer';
import {
  ArrayMaxSize,
  ArrayMinSize,
  IsArray,
  IsIn,
  IsInt,
  IsString,
  IsUUID,
  Matches,
  Max,
  MaxLength,
  Min,
  MinLength,
  ValidateNested,
} from 'class-validator';
import { MayBeAbsent, PageQueryDto, Trimmed } from '../../platform/rest/rest.dto.js';
import { PersonDto } from '../claims.dto.js';
import { LINES_MAX, SESSIONS_MAX } from './plan-rules.js';
import { PLAN_STATES, type PlanState } from './plan-state.js';

export const TEXTS_MAX = 20;
export const TEXT_MAX = 200; // characters
export const BUDGET_MAX_CENTS = 2_000_000_000;
const DAY = /^\d{4}-\d\d-\d\d$/;
const DAY_WRONG = { message: '$property must be a day as in 2026-01-31' };

/** What a plan is to hold to. What is left out is taken from the customer's file. */
class WishesBodyDto {
  @ApiPropertyOptional({
    type: [String],
    maxItems: TEXTS_MAX,
    description: 'What the customer wants, in their words',
  })
  @MayBeAbsent()
  @IsArray()
  @ArrayMaxSize(TEXTS_MAX)
  @IsString({ each: true })
  @MaxLength(TEXT_MAX, { each: true })
  goals?: string[];

  @ApiPropertyOptional({
    minimum: 1,
    maximum: BUDGET_MAX_CENTS,
    description: 'Upper end of the budget, in whole cents',
  })
  @MayBeAbsent()
  @IsInt()
  @Min(1)
  @Max(BUDGET_MAX_CENTS)
  budget_max_cents?: number;

  @ApiPropertyOptional({ example: '2026-09-01', description: 'Not before this day' })
  @MayBeAbsent()
  @Matches(DAY, DAY_WRONG)
  start_on?: string;

  @ApiPropertyOptional({ example: '2026-12-20', description: 'The last session at the latest' })
  @MayBeAbsent()
  @Matches(DAY, DAY_WRONG)
  finish_by?: string;

  @ApiPropertyOptional({
    type: [String],
    maxItems: TEXTS_MAX,
    description: 'Health conditions that are not on file, such as pregnancy',
  })
  @MayBeAbsent()
  @IsArray()
  @ArrayMaxSize(TEXTS_MAX)
  @IsString({ each: true })
  @MaxLength(TEXT_MAX, { each: true })
  health_conditions?: string[];

  @ApiPropertyOptional({
    type: [String],
    maxItems: TEXTS_MAX,
    description: 'Ids or codes of services that are not wanted',
  })
  @MayBeAbsent()
  @IsArray()
  @ArrayMaxSize(TEXTS_MAX)
  @IsString({ each: true })
  @MaxLength(64, { each: true })
  without_services?: string[];
}

export class GeneratePlanDto extends WishesBodyDto {
  @ApiProperty({ format: 'uuid' })
  @IsUUID()
  customer_id: string;
}

export class OptimizePlanDto extends WishesBodyDto {}

export class ConsultantsLineDto {
  @ApiProperty({ format: 'uuid' })
  @IsUUID()
  service_id: string;

  @ApiProperty({ minimum: 1, maximum: SESSIONS_MAX })
  @IsInt()
  @Min(1)
  @Max(SESSIONS_MAX)
  sessions: number;

  @ApiProperty({ example: '2026-09-01', description: 'Day of the first session' })
  @Matches(DAY, DAY_WRONG)
  first_on: string;

  @ApiPropertyOptional({
    minimum: 1,
    maximum: 365,
    description: 'Left out: as many days as the service needs',
  })
  @MayBeAbsent()
  @IsInt()
  @Min(1)
  @Max(365)
  interval_days?: number;
}

export class DecisionDto {
  @ApiPropertyOptional({ maxLength: 2000, description: 'For those who read it later' })
  @MayBeAbsent()
  @Trimmed()
  @IsString()
  @MinLength(1)
  @MaxLength(2000)
  note?: string;
}

export class ChangePlanDto extends DecisionDto {
  @ApiProperty({ type: [ConsultantsLineDto], minItems: 1, maxItems: LINES_MAX })
  @IsArray()
  @ArrayMinSize(1)
  @ArrayMaxSize(LINES_MAX)
  @ValidateNested({ each: true })
  @Type(() => ConsultantsLineDto)
  lines: ConsultantsLineDto[];
}

export class PlanQueryDto extends PageQueryDto {
  @ApiPropertyOptional({ enum: PLAN_STATES, description: 'Only those in this state' })
  @MayBeAbsent()
  @IsIn(PLAN_STATES)
  state?: PlanState;

  @ApiPropertyOptional({ format: 'uuid', description: 'Only of this customer' })
  @MayBeAbsent()
  @IsUUID()
  customer_id?: string;
}

export class PlanSummaryDto {
  @ApiProperty({ format: 'uuid' })
  id: string;

  @ApiProperty({ type: PersonDto })
  customer: PersonDto;

  @ApiProperty({ enum: PLAN_STATES })
  state: PlanState;

  @ApiProperty({ description: 'Number of the revision that counts now' })
  revision: number;

  @ApiProperty({ type: Number, nullable: true, description: 'Number of the revision that is in force' })
  approved_revision: number | null;

  @ApiProperty({ type: String, format: 'date-time', nullable: true })
  decided_at: string | null;

  @ApiProperty({ format: 'date-time' })
  created_at: string;

  @ApiProperty({ format: 'date-time' })
  updated_at: string;

  @ApiProperty({ description: 'Grows with each change; also the ETag, for If-Match' })
  version: number;
}
