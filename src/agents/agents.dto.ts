import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { IsBoolean, IsIn, IsObject, IsString, IsUUID, Length, Matches, MaxLength } from 'class-validator';
import { MayBeAbsent, Named } from '../platform/rest/rest.dto.js';
import { AppDto, VersionDto } from './agent-versions.dto.js';
import { REASONING, type Reasoning } from './reasoning.js';

const PRINTABLE = /^[^\p{C}]*$/u;
const DESCRIPTION_MAX = 2000;
const QUERY_MAX = 10_000;

/** With the app that is to be its first version. */
export class CreateAgentDto extends AppDto {
  @ApiProperty({ description: 'Unique among the agents of the tenant', example: 'Welcome' })
  @Named()
  @IsString()
  @Length(1, 100)
  @Matches(PRINTABLE, { message: 'must not hold control characters' })
  name: string;

  @ApiPropertyOptional({ default: '', example: 'Greets new customers' })
  @MayBeAbsent()
  @IsString()
  @MaxLength(DESCRIPTION_MAX)
  description?: string;

  @ApiPropertyOptional({ default: true, description: 'false: it is passed over in every order' })
  @MayBeAbsent()
  @IsBoolean()
  enabled?: boolean;

  @ApiPropertyOptional({
    enum: REASONING,
    default: 'removed',
    description:
      "What becomes of the model's thoughts in an answer: removed, with `<details>`; only `<details>` kept; all kept",
  })
  @MayBeAbsent()
  @IsIn(REASONING)
  reasoning?: Reasoning;

  @ApiPropertyOptional({ default: 'v1', description: 'Of the first version', example: 'v1' })
  @MayBeAbsent()
  @Named()
  @IsString()
  @Length(1, 50)
  @Matches(PRINTABLE, { message: 'must not hold control characters' })
  label?: string;
}

export class UpdateAgentDto {
  @ApiPropertyOptional({ description: 'Unique among the agents of the tenant', example: 'Welcome' })
  @MayBeAbsent()
  @Named()
  @IsString()
  @Length(1, 100)
  @Matches(PRINTABLE, { message: 'must not hold control characters' })
  name?: string;

  @ApiPropertyOptional({ example: 'Greets new customers' })
  @MayBeAbsent()
  @IsString()
  @MaxLength(DESCRIPTION_MAX)
  description?: string;

  @ApiPropertyOptional({ description: 'false: it is passed over in every order' })
  @MayBeAbsent()
  @IsBoolean()
  enabled?: boolean;

  @ApiPropertyOptional({
    enum: REASONING,
    description:
      "What becomes of the model's thoughts in an answer: removed, with `<details>`; only `<details>` kept; all kept",
  })
  @MayBeAbsent()
  @IsIn(REASONING)
  reasoning?: Reasoning;
}

export class AgentDto {
  @ApiProperty({ format: 'uuid' })
  id: string;

  @ApiProperty({ example: 'Welcome' })
  name: string;

  @ApiProperty()
  description: string;

  @ApiProperty()
  enabled: boolean;

  @ApiProperty({ enum: REASONING })
  reasoning: Reasoning;

  @ApiProperty({ type: [VersionDto], description: 'Oldest first' })
  versions: readonly VersionDto[];

  @ApiProperty({ description: 'Grows with each change; also the ETag, for If-Match' })
  version: number;

  @ApiProperty({ format: 'date-time' })
  created_at: string;

  @ApiProperty({ format: 'date-time' })
  updated_at: string;
}

export class TestAgentDto {
  @ApiProperty({ example: 'Write a welcome message for user 0199d2a8-5c1e-7b3a-9f00-3f6f1c9a2b11' })
  @IsString()
  @Length(1, QUERY_MAX)
  query: string;

  @ApiPropertyOptional({
    type: 'object',
    additionalProperties: true,
    description: "Values for the app's form",
    example: { customer_name: 'Emma' },
  })
  @MayBeAbsent()
  @IsObject()
  inputs?: Record<string, unknown>;

  @ApiPropertyOptional({ description: 'Reaches the app as its input `language`', example: 'en' })
  @MayBeAbsent()
  @IsString()
  @Length(2, 35)
  language?: string;

  @ApiPropertyOptional({
    description: 'For whom; decides between versions. Without it: you',
    example: 'customer-17',
  })
  @MayBeAbsent()
  @IsString()
  @Length(1, 100)
  user?: string;

  @ApiPropertyOptional({ format: 'uuid', description: 'The version to ask; without it: the one of the user' })
  @MayBeAbsent()
  @IsUUID()
  version_id?: string;
}

class UsageDto {
  @ApiProperty({ type: Number, nullable: true })
  prompt: number | null;

  @ApiProperty({ type: Number, nullable: true })
  completion: number | null;

  @ApiProperty({ type: Number, nullable: true })
  total: number | null;
}

class AgentFailureDto {
  @ApiProperty({ example: 'not_ready', description: 'See docs/agents.md' })
  kind: string;

  @ApiProperty({ example: 'Dify answered 400, agent_not_published: Agent has not been published.' })
  message: string;

  @ApiProperty({ type: Number, nullable: true, description: 'HTTP status of Dify' })
  status: number | null;

  @ApiProperty({ type: String, nullable: true, description: "Dify's name of the error" })
  code: string | null;
}

/** What came of a test. */
export class AgentTestDto {
  @ApiProperty({ description: 'Whether there is an answer' })
  ok: boolean;

  @ApiProperty({ type: String, nullable: true })
  text: string | null;

  @ApiProperty({ type: AgentFailureDto, nullable: true })
  failure: AgentFailureDto | null;

  @ApiProperty({ format: 'uuid' })
  version_id: string;

  @ApiProperty({ example: 'v1' })
  version_label: string;

  @ApiProperty({ type: String, nullable: true, example: 'agent-chat' })
  mode: string | null;

  @ApiProperty({ type: String, nullable: true, description: "Dify's id of the message" })
  message_id: string | null;

  @ApiProperty({ type: String, nullable: true, description: "Dify's id of the conversation" })
  conversation_id: string | null;

  @ApiProperty({ type: UsageDto, nullable: true, description: 'Tokens' })
  usage: UsageDto | null;

  @ApiProperty({
    type: Number,
    nullable: true,
    description: 'Milliseconds until the first piece of the answer',
  })
  first_text_ms: number | null;

  @ApiProperty({ description: 'Milliseconds, with asking the app about itself' })
  duration_ms: number;
}
