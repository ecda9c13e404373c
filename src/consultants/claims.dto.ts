import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { IsIn, IsUUID } from 'class-validator';
import { MayBeAbsent, PageQueryDto } from '../platform/rest/rest.dto.js';
import { CLAIM_STATES, type ClaimState } from './customer-claim.entity.js';

export class ClaimQueryDto extends PageQueryDto {
  @ApiPropertyOptional({ enum: CLAIM_STATES, description: 'Only those in this state' })
  @MayBeAbsent()
  @IsIn(CLAIM_STATES)
  state?: ClaimState;

  @ApiPropertyOptional({ format: 'uuid', description: "Only this consultant's" })
  @MayBeAbsent()
  @IsUUID()
  claimed_by?: string;

  @ApiPropertyOptional({ format: 'uuid', description: 'Only of this customer' })
  @MayBeAbsent()
  @IsUUID()
  customer_id?: string;
}

export class ReassignDto {
  @ApiProperty({ format: 'uuid', description: 'A user with role consultant' })
  @IsUUID()
  user_id: string;
}

export class PersonDto {
  @ApiProperty({ format: 'uuid' })
  id: string;

  @ApiProperty({ type: String, nullable: true, description: 'null: deleted since' })
  name: string | null;
}

export class ClaimDto {
  @ApiProperty({ format: 'uuid' })
  id: string;

  @ApiProperty({ enum: CLAIM_STATES })
  state: ClaimState;

  @ApiProperty({ type: PersonDto })
  customer: PersonDto;

  @ApiProperty({ format: 'uuid' })
  conversation_id: string;

  @ApiProperty({
    type: String,
    format: 'uuid',
    nullable: true,
    description: 'Of the automation that announced the customer',
  })
  run_id: string | null;

  @ApiProperty({ description: 'Escalations so far' })
  level: number;

  @ApiProperty({ type: PersonDto, nullable: true, description: 'Who alone may claim for now' })
  offered_to: PersonDto | null;

  @ApiProperty({ type: String, format: 'date-time', nullable: true })
  offered_until: string | null;

  @ApiProperty({ type: PersonDto, nullable: true })
  claimed_by: PersonDto | null;

  @ApiProperty({
    enum: ['live', 'channels'],
    description: 'channels: nobody was connected, so notifications were sent',
  })
  how: 'live' | 'channels';

  @ApiProperty({ description: 'Consultants who were told' })
  notified: number;

  @ApiProperty({ format: 'date-time' })
  announced_at: string;

  @ApiProperty({ type: String, format: 'date-time', nullable: true })
  claimed_at: string | null;

  @ApiProperty({ type: String, format: 'date-time', nullable: true })
  closed_at: string | null;

  @ApiProperty({ type: String, format: 'date-time', nullable: true })
  next_escalation_at: string | null;

  @ApiProperty({ description: 'Grows with each change; also the ETag, for If-Match' })
  version: number;
}
