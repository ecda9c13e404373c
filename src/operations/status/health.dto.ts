import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';

/** One thing that serving depends on. */
export class HealthCheckDto {
  @ApiProperty()
  ok: boolean;

  @ApiPropertyOptional({ description: 'What is wrong, when it is not ok' })
  reason?: string;
}

class HealthChecksDto {
  @ApiProperty({ description: 'The database answers' })
  database: HealthCheckDto;

  @ApiProperty({ description: 'Changes are heard of, and the lease has not run out' })
  changes: HealthCheckDto;

  @ApiProperty({ description: 'Calls can be recorded' })
  call_log: HealthCheckDto;
}

export class ReadinessDto {
  @ApiProperty({ description: 'Whether this replica serves calls; the status is 503 when not' })
  ready: boolean;

  @ApiProperty({ example: 'toolcrib-1:8000' })
  replica: string;

  @ApiProperty()
  checks: HealthChecksDto;
}

export class LivenessDto {
  @ApiProperty({ example: true })
  live: boolean;
}
