import { ApiProperty } from '@nestjs/swagger';

class ReplicaCircuitDto {
  @ApiProperty({ format: 'uuid' })
  replica_id: string;

  @ApiProperty({ enum: ['open', 'half_open'] })
  state: string;

  @ApiProperty({
    type: String,
    nullable: true,
    description: 'Of the failure that opened it',
    example: 'timeout',
  })
  error_kind: string | null;

  @ApiProperty({ format: 'date-time' })
  changed_at: string;
}

export class CircuitDto {
  @ApiProperty({ format: 'uuid' })
  tool_id: string;

  @ApiProperty({ example: 'get_user_profile' })
  tool_name: string;

  @ApiProperty({ format: 'uuid' })
  group_id: string;

  @ApiProperty({ type: [ReplicaCircuitDto], description: 'Where it is not closed' })
  replicas: readonly ReplicaCircuitDto[];
}
