import { ApiProperty } from '@nestjs/swagger';

const RATE = 'Sent, of sent, failed and those to people without a channel or an address, 0 to 1';

export class DeliveriesDto {
  @ApiProperty({ example: 'email', description: 'Kind of channel; none: the recipient has none' })
  channel: string;

  @ApiProperty({ example: 40, description: 'The other side has taken it' })
  sent: number;

  @ApiProperty({ example: 0, description: 'Given up' })
  failed: number;

  @ApiProperty({
    example: 1,
    description: 'On its way, between attempts, or held back until quiet hours end',
  })
  waiting: number;

  @ApiProperty({ example: 2, description: 'Not sent on purpose, e.g. the recipient has no address' })
  suppressed: number;

  @ApiProperty({ type: Number, nullable: true, example: 1, description: RATE })
  delivery_rate: number | null;

  @ApiProperty({ type: Number, nullable: true, example: 0.8, description: 'From its making to its sending' })
  median_seconds: number | null;
}

export class NotificationsDto {
  @ApiProperty({ example: 96, description: 'Consultants who were connected when a customer was announced' })
  told_live: number;

  @ApiProperty({ example: 40 })
  sent: number;

  @ApiProperty({ example: 0 })
  failed: number;

  @ApiProperty({ example: 1 })
  waiting: number;

  @ApiProperty({ example: 2 })
  suppressed: number;

  @ApiProperty({
    type: Number,
    nullable: true,
    example: 0.97561,
    description: `${RATE}. Who was told live is none of it`,
  })
  delivery_rate: number | null;

  @ApiProperty({ type: Number, nullable: true, example: 0.8, description: 'Of the sent' })
  median_seconds: number | null;

  @ApiProperty({ type: [DeliveriesDto] })
  channels: DeliveriesDto[];
}

export class ClaimsDto {
  @ApiProperty({ example: 108, description: 'Customers who were announced to consultants' })
  announced: number;

  @ApiProperty({ example: 98, description: 'Of these, with at least one consultant connected' })
  announced_live: number;

  @ApiProperty({ example: 104, description: 'At least once, also when given back since' })
  claimed: number;

  @ApiProperty({ example: 4, description: 'Still open' })
  unclaimed: number;

  @ApiProperty({ example: 6, description: 'Escalated at least once' })
  escalated: number;

  @ApiProperty({
    type: Number,
    nullable: true,
    example: 101.3,
    description: 'From the first announcement to the first claim',
  })
  average_seconds: number | null;

  @ApiProperty({ type: Number, nullable: true, example: 74.1 })
  median_seconds: number | null;

  @ApiProperty({ type: Number, nullable: true, example: 410 })
  p95_seconds: number | null;

  @ApiProperty({
    type: Number,
    nullable: true,
    example: 0.971154,
    description: 'Claimed within the target, of these and the ones that were later or still wait longer',
  })
  in_time_rate: number | null;

  @ApiProperty({ type: Number, nullable: true, example: 322.5 })
  oldest_unclaimed_seconds: number | null;
}
