import { ApiProperty } from '@nestjs/swagger';

export class FirstResponseDto {
  @ApiProperty({ example: 120, description: 'Who registered and whose account is still there' })
  registered: number;

  @ApiProperty({ example: 119, description: 'Got a message of the AI or a consultant within seven days' })
  answered: number;

  @ApiProperty({ example: 88, description: 'Got a message of a consultant within seven days' })
  answered_by_person: number;

  @ApiProperty({ example: 91, description: 'Wrote a message themselves, up to now' })
  wrote_so_far: number;

  @ApiProperty({
    type: Number,
    nullable: true,
    example: 2.6,
    description: 'From registration to first message',
  })
  average_seconds: number | null;

  @ApiProperty({ type: Number, nullable: true, example: 2.1 })
  median_seconds: number | null;

  @ApiProperty({ type: Number, nullable: true, example: 5.4 })
  p95_seconds: number | null;

  @ApiProperty({
    type: Number,
    nullable: true,
    example: 96.2,
    description: 'To the first one of a consultant',
  })
  person_median_seconds: number | null;

  @ApiProperty({ type: Number, nullable: true, example: 1204.8 })
  person_p95_seconds: number | null;

  @ApiProperty({
    type: Number,
    nullable: true,
    example: 0.991597,
    description: 'Answered within the target, of these and the ones that were later or still wait longer',
  })
  in_time_rate: number | null;
}

export class ConversionDto {
  @ApiProperty({
    format: 'date-time',
    example: '2026-10-11T22:00:00.000Z',
    description: 'Seven days before the period: whose seven days ended in it',
  })
  registered_from: string;

  @ApiProperty({ format: 'date-time', example: '2026-10-18T07:30:00.000Z' })
  registered_to: string;

  @ApiProperty({ example: 131 })
  registered: number;

  @ApiProperty({ example: 109, description: 'Of these, wrote a first message within seven days' })
  wrote: number;

  @ApiProperty({
    type: Number,
    nullable: true,
    example: 0.832061,
    description: '0 to 1; null: nobody registered',
  })
  rate: number | null;
}
