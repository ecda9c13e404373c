import { ApiProperty } from '@nestjs/swagger';

const ANSWERED = 'Of requests that were answered';
const UNKNOWN_WHEN_REMOVED = 'null: it was removed';

export class AgentVersionNumbersDto {
  @ApiProperty({ format: 'uuid' })
  agent_id: string;

  @ApiProperty({ type: String, nullable: true, example: 'Welcome', description: UNKNOWN_WHEN_REMOVED })
  agent_name: string | null;

  @ApiProperty({ format: 'uuid' })
  version_id: string;

  @ApiProperty({ type: String, nullable: true, example: 'v2', description: UNKNOWN_WHEN_REMOVED })
  version_label: string | null;

  @ApiProperty({ type: Number, nullable: true, example: 1, description: 'Its share of the users; now' })
  weight: number | null;

  @ApiProperty({ example: true, description: 'Agent and version are; now' })
  enabled: boolean;

  @ApiProperty({
    type: String,
    nullable: true,
    enum: ['closed', 'half_open', 'open'],
    example: 'closed',
    description: 'The worst that a replica says; now. open: it is not asked',
  })
  circuit: 'closed' | 'half_open' | 'open' | null;

  @ApiProperty({
    type: String,
    format: 'date-time',
    nullable: true,
    example: '2026-10-25T07:12:09.120Z',
    description: 'However long ago',
  })
  last_answer_at: string | null;

  @ApiProperty({ example: 64 })
  requests: number;

  @ApiProperty({ example: 62 })
  requests_ok: number;

  @ApiProperty({ type: Number, nullable: true, example: 0.96875, description: '0 to 1; null: no requests' })
  request_success_rate: number | null;

  @ApiProperty({ example: 0, description: 'Not made since the circuit was open' })
  kept_by_circuit: number;

  @ApiProperty({ type: Number, nullable: true, example: 1720.5, description: ANSWERED })
  average_ms: number | null;

  @ApiProperty({ type: Number, nullable: true, example: 3904, description: ANSWERED })
  p95_ms: number | null;

  @ApiProperty({
    type: Number,
    nullable: true,
    example: 840.2,
    description: 'Until the first piece of the text',
  })
  first_text_average_ms: number | null;

  @ApiProperty({ type: Number, nullable: true, example: 1610 })
  first_text_p95_ms: number | null;
}

export class AgentNumbersDto {
  @ApiProperty({ example: 108, description: 'Runs that asked agents' })
  questions: number;

  @ApiProperty({ example: 104, description: 'Of these, how many got an answer in the end' })
  answered: number;

  @ApiProperty({
    type: Number,
    nullable: true,
    example: 0.962963,
    description: 'Retries and failover included',
  })
  answer_rate: number | null;

  @ApiProperty({ example: 119 })
  requests: number;

  @ApiProperty({ example: 104 })
  requests_ok: number;

  @ApiProperty({ type: Number, nullable: true, example: 0.87395, description: 'Of single requests' })
  request_success_rate: number | null;

  @ApiProperty({ example: 9, description: 'Requests that repeated the one before at the same version' })
  retries: number;

  @ApiProperty({ example: 2, description: 'Requests to a version after another one had failed' })
  failovers: number;

  @ApiProperty({ example: 1, description: 'Not made since a circuit was open' })
  kept_by_circuit: number;

  @ApiProperty({ type: Number, nullable: true, example: 1810.3, description: ANSWERED })
  average_ms: number | null;

  @ApiProperty({ type: Number, nullable: true, example: 4012, description: ANSWERED })
  p95_ms: number | null;

  @ApiProperty({ type: [AgentVersionNumbersDto], description: 'By agent and label' })
  versions: AgentVersionNumbersDto[];
}
