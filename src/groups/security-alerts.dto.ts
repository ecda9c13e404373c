import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { IsBoolean } from 'class-validator';
import { MayBeAbsent, PageQueryDto, QueryBoolean } from '../common/rest.dto.js';

export class AlertQueryDto extends PageQueryDto {
  @ApiPropertyOptional({ description: 'true: only those that nobody has acknowledged' })
  @MayBeAbsent()
  @QueryBoolean()
  @IsBoolean()
  open?: boolean;
}

export class AlertDto {
  @ApiProperty({ format: 'uuid' })
  id: string;

  @ApiProperty({ enum: ['decoy_used', 'network_refused'] })
  kind: string;

  @ApiProperty({ format: 'uuid' })
  key_id: string;

  @ApiProperty({ format: 'uuid' })
  group_id: string;

  @ApiProperty({ example: '203.0.113.7' })
  ip: string;

  @ApiProperty({ type: String, nullable: true })
  user_agent: string | null;

  @ApiProperty({ description: 'How often within the hour' })
  uses: number;

  @ApiProperty({ format: 'date-time' })
  first_seen_at: string;

  @ApiProperty({ format: 'date-time' })
  last_seen_at: string;

  @ApiProperty({ type: String, format: 'date-time', nullable: true })
  acknowledged_at: string | null;
}
