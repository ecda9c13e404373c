import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { IsBoolean, Matches } from 'class-validator';
import { MayBeAbsent, PageQueryDto, QueryBoolean } from '../../platform/rest/rest.dto.js';

export class AlertQueryDto extends PageQueryDto {
  @ApiPropertyOptional({ description: 'true: only those that nobody has acknowledged' })
  @MayBeAbsent()
  @QueryBoolean()
  @IsBoolean()
  open?: boolean;

  @ApiPropertyOptional({ description: 'Only this kind', example: 'decoy_used' })
  @MayBeAbsent()
  @Matches(/^[a-z0-9_.-]{1,32}$/, { message: 'must be 1 to 32 of a-z, 0-9, ., _ and -' })
  kind?: string;
}

class AlertTargetDto {
  @ApiProperty({ example: 'automation_run' })
  kind: string;

  @ApiProperty({ format: 'uuid' })
  id: string;
}

export class AlertDto {
  @ApiProperty({ format: 'uuid' })
  id: string;

  @ApiProperty({
    example: 'decoy_used',
    description:
      '`decoy_used`, `network_refused`: a key is in the wrong hands; `circuit_open`: a tool or an agent failed too often; others as their raiser says',
  })
  kind: string;

  @ApiProperty({ example: 'A decoy key was used' })
  title: string;

  @ApiProperty()
  detail: string;

  @ApiProperty({ type: AlertTargetDto, nullable: true, description: 'What it is about' })
  target: AlertTargetDto | null;

  @ApiProperty({ type: String, format: 'uuid', nullable: true, description: 'Of a group' })
  key_id: string | null;

  @ApiProperty({ type: String, format: 'uuid', nullable: true })
  group_id: string | null;

  @ApiProperty({ type: String, nullable: true, example: '203.0.113.7' })
  ip: string | null;

  @ApiProperty({ type: String, nullable: true })
  user_agent: string | null;

  @ApiProperty({ description: 'How often; of signs about keys: within the hour' })
  uses: number;

  @ApiProperty({ format: 'date-time' })
  first_seen_at: string;

  @ApiProperty({ format: 'date-time' })
  last_seen_at: string;

  @ApiProperty({ type: String, format: 'date-time', nullable: true })
  acknowledged_at: string | null;
}
