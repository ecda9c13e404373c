import { ApiProperty } from '@nestjs/swagger';
import { ArrayMaxSize, ArrayMinSize, ArrayUnique, IsArray, IsString, IsUUID, Matches } from 'class-validator';

const AGENTS_MAX = 10;

export class UpdateOrderDto {
  @ApiProperty({
    type: [String],
    format: 'uuid',
    minItems: 1,
    maxItems: AGENTS_MAX,
    description: 'The first is asked first; each of the others when the ones before it do not answer',
  })
  @IsArray()
  @ArrayMinSize(1)
  @ArrayMaxSize(AGENTS_MAX)
  @ArrayUnique()
  @IsUUID(undefined, { each: true })
  agent_ids: string[];
}

export class CreateOrderDto extends UpdateOrderDto {
  @ApiProperty({ description: 'What is asked for; `welcome` greets new customers', example: 'welcome' })
  @IsString()
  @Matches(/^[a-z][a-z0-9_-]{0,49}$/, {
    message: 'must be 1 to 50 of a-z, 0-9, _ and -, beginning with a letter',
  })
  purpose: string;
}

class OrderedAgentDto {
  @ApiProperty({ format: 'uuid' })
  id: string;

  @ApiProperty({ example: 'Welcome' })
  name: string;

  @ApiProperty({ description: 'false: it is passed over' })
  enabled: boolean;
}

export class OrderDto {
  @ApiProperty({ format: 'uuid' })
  id: string;

  @ApiProperty({ example: 'welcome' })
  purpose: string;

  @ApiProperty({ type: [OrderedAgentDto], description: 'The first is asked first' })
  agents: readonly OrderedAgentDto[];

  @ApiProperty({ description: 'Grows with each change; also the ETag, for If-Match' })
  version: number;

  @ApiProperty({ format: 'date-time' })
  created_at: string;

  @ApiProperty({ format: 'date-time' })
  updated_at: string;
}
