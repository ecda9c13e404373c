import { ApiProperty, ApiPropertyOptional, PartialType } from '@nestjs/swagger';
import { IsBoolean, IsInt, IsOptional, IsString, Length, Matches, Max, Min } from 'class-validator';
import { MayBeAbsent, Named, Trimmed } from '../platform/rest/rest.dto.js';
import { AGENT_MODES } from './agent-modes.js';

const WEIGHT_MAX = 1000;
const PRINTABLE = /^[^\p{C}]*$/u;

/** A Dify app and the key to it. */
export class AppDto {
  @ApiProperty({
    description: "Dify's “API Server” address, with or without /v1",
    example: 'https://dify.example.com/v1',
  })
  @Trimmed()
  @IsString()
  @Length(8, 500)
  base_url: string;

  @ApiProperty({
    description: 'Of the app, from its page “API Access”. Stored encrypted; shown again only by reveal',
    example: 'app-AbCdEfGhIjKlMnOpQrStUvWx',
  })
  @Trimmed()
  @IsString()
  @Length(8, 200)
  @Matches(/^[!-~]*$/, { message: 'must be visible ASCII characters only' })
  api_key: string;

  @ApiPropertyOptional({
    type: String,
    nullable: true,
    description: "The app's id in Dify, as the address of its page has it; for you to find it by",
    example: '3c90c3cc-0d44-4b50-8888-8dd25736052a',
  })
  @IsOptional()
  @Trimmed()
  @IsString()
  @Length(1, 100)
  @Matches(PRINTABLE, { message: 'must not hold control characters' })
  app_id?: string | null;
}

export class CreateVersionDto extends AppDto {
  @ApiProperty({ description: 'Unique among the versions of the agent', example: 'v2' })
  @Named()
  @IsString()
  @Length(1, 50)
  @Matches(PRINTABLE, { message: 'must not hold control characters' })
  label: string;

  @ApiPropertyOptional({
    default: 1,
    minimum: 0,
    maximum: WEIGHT_MAX,
    description: 'Its share of the users, in proportion to the weights of the other versions; 0: none',
    example: 1,
  })
  @MayBeAbsent()
  @IsInt()
  @Min(0)
  @Max(WEIGHT_MAX)
  weight?: number;

  @ApiPropertyOptional({ default: true })
  @MayBeAbsent()
  @IsBoolean()
  enabled?: boolean;
}

export class UpdateVersionDto extends PartialType(CreateVersionDto, { skipNullProperties: false }) {}

class InputFieldDto {
  @ApiProperty({ example: 'customer_name' })
  variable: string;

  @ApiProperty({ example: 'text-input', description: 'As Dify names it' })
  type: string;

  @ApiProperty({ example: 'Customer' })
  label: string;

  @ApiProperty({ description: 'Without a value for it the app is not asked' })
  required: boolean;

  @ApiProperty({ type: Number, nullable: true, description: 'Characters; a longer text is cut' })
  max_length: number | null;

  @ApiProperty({ type: [String], nullable: true, description: 'The only values that are allowed' })
  options: readonly string[] | null;

  @ApiProperty({
    oneOf: [{ type: 'string' }, { type: 'number' }, { type: 'boolean' }],
    nullable: true,
    description: 'Put in when a question has no value for it',
    example: 'en',
  })
  default: string | number | boolean | null;
}

class OpenCircuitDto {
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

/** A version without its key. */
export class VersionDto {
  @ApiProperty({ format: 'uuid' })
  id: string;

  @ApiProperty({ format: 'uuid' })
  agent_id: string;

  @ApiProperty({ example: 'v2' })
  label: string;

  @ApiProperty({ type: String, nullable: true })
  app_id: string | null;

  @ApiProperty({ example: 'https://dify.example.com/v1' })
  base_url: string;

  @ApiProperty({ example: 'app-AbCd', description: 'The beginning of the key, to recognise it by' })
  key_prefix: string;

  @ApiProperty()
  weight: number;

  @ApiProperty()
  enabled: boolean;

  @ApiProperty({
    enum: AGENT_MODES,
    type: String,
    nullable: true,
    description: 'As the app says itself; null: it has not answered yet',
  })
  mode: string | null;

  @ApiProperty({ type: String, nullable: true, description: 'What the app is called in Dify' })
  app_name: string | null;

  @ApiProperty({ type: [InputFieldDto], description: "What the app's form asks for" })
  inputs: readonly InputFieldDto[];

  @ApiProperty({
    type: String,
    format: 'date-time',
    nullable: true,
    description: 'When the app was last asked about itself',
  })
  checked_at: string | null;

  @ApiProperty({ type: String, nullable: true, description: 'Why it did not answer then; null: it did' })
  problem: string | null;

  @ApiProperty({
    type: [OpenCircuitDto],
    description: 'Replicas that do not ask it at the moment because it failed too often',
  })
  open_circuits: readonly OpenCircuitDto[];

  @ApiProperty({ description: 'Grows with each change; also the ETag, for If-Match' })
  version: number;

  @ApiProperty({ format: 'date-time' })
  created_at: string;

  @ApiProperty({ format: 'date-time' })
  updated_at: string;
}

/** With the key itself. */
export class RevealedVersionDto extends VersionDto {
  @ApiProperty({ example: 'app-…', description: "The key to the app's API" })
  api_key: string;
}
