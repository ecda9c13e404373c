import { ApiProperty } from '@nestjs/swagger';

export class ClockDto {
  @ApiProperty({ type: String, format: 'date-time', description: 'What the clock of the database shows' })
  now: Date;

  @ApiProperty({ type: String, format: 'date-time', description: 'How far time is known to have come' })
  reached_at: Date;

  @ApiProperty({ description: 'It has leapt ahead: nothing is removed for good until it is accepted' })
  is_ahead: boolean;

  @ApiProperty({ description: 'By how much it is before the clock of the replica that answers' })
  skew_seconds: number;
}
