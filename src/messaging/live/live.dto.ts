import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { Type as As } from 'class-transformer';
import { IsInt, Max, Min } from 'class-validator';
import { MayBeAbsent } from '../../platform/rest/rest.dto.js';

const EVENTS_DEFAULT = 100;
const EVENTS_MAX = 200;

export class LiveEventsQueryDto {
  @ApiPropertyOptional({
    minimum: 0,
    example: 0,
    description:
      'Of the last event you had, or `cursor` of the answer before; 0: all that are kept. Absent: none, only where they end',
  })
  @MayBeAbsent()
  @As(() => Number)
  @IsInt()
  @Min(0)
  @Max(Number.MAX_SAFE_INTEGER)
  cursor?: number;

  @ApiPropertyOptional({
    minimum: 1,
    maximum: EVENTS_MAX,
    default: EVENTS_DEFAULT,
    description: 'Events at most',
  })
  @MayBeAbsent()
  @As(() => Number)
  @IsInt()
  @Min(1)
  @Max(EVENTS_MAX)
  limit: number = EVENTS_DEFAULT;
}

export class LiveEventDto {
  @ApiProperty({
    description: 'Grows in the tenant in the order of commits; numbers between are not for you',
    example: 42,
  })
  cursor: number;

  @ApiProperty({ example: 'new_customer' })
  kind: string;

  @ApiProperty({ type: 'object', additionalProperties: true })
  payload: Readonly<Record<string, unknown>>;

  @ApiProperty({ format: 'date-time' })
  created_at: string;
}

export class LiveEventsDto {
  @ApiProperty({ type: [LiveEventDto] })
  events: LiveEventDto[];

  @ApiProperty({ description: 'To ask on with', example: 42 })
  cursor: number;

  @ApiProperty({ description: 'Ask on at once' })
  has_more: boolean;

  @ApiProperty({ description: 'false: events after your cursor were removed since; read what you show anew' })
  complete: boolean;
}
