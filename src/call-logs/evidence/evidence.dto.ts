import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import {
  ArrayMaxSize,
  ArrayMinSize,
  IsArray,
  IsBoolean,
  IsNotEmpty,
  IsString,
  IsUUID,
  MaxLength,
} from 'class-validator';
import { MayBeAbsent, Trimmed } from '../../platform/rest/rest.dto.js';

const RECORDS_MAX = 1000;
const REASON_MAX = 1000;

/** Exactly one of `user_id` and `record_ids`. */
export class EraseDto {
  @ApiPropertyOptional({
    format: 'uuid',
    description:
      'Every call this person made (a test call), and every call whose arguments hold this id anywhere',
  })
  @MayBeAbsent()
  @IsUUID()
  user_id?: string;

  @ApiPropertyOptional({ description: 'With user_id: also every call whose result holds the id anywhere' })
  @MayBeAbsent()
  @IsBoolean()
  include_results?: boolean;

  @ApiPropertyOptional({ type: [String], format: 'uuid', description: 'These calls' })
  @MayBeAbsent()
  @IsArray()
  @ArrayMinSize(1)
  @ArrayMaxSize(RECORDS_MAX)
  @IsUUID(undefined, { each: true })
  record_ids?: string[];

  @ApiProperty({
    description: 'Why; it is kept with the signed removal',
    example: 'Request of 2026-07-28, ticket 4711',
  })
  @Trimmed()
  @IsString()
  @IsNotEmpty()
  @MaxLength(REASON_MAX)
  reason: string;
}

export class ErasedDto {
  @ApiProperty({ description: 'Records whose payload this removed' })
  erased: number;
}

export class CheckpointDto {
  @ApiProperty({ description: 'From 1, without gaps' })
  number: number;

  @ApiProperty({ format: 'date-time' })
  created_at: string;

  @ApiProperty({ description: 'Exactly what is signed' })
  text: string;

  @ApiProperty({ description: 'Names the public key' })
  key_id: string;

  @ApiProperty({ description: 'Ed25519, in base64' })
  signature: string;
}

export class CheckpointDeliveryDto {
  @ApiProperty({ enum: ['file', 'webhook', 's3'] })
  target: string;

  @ApiProperty({ description: 'The newest checkpoint that arrived; all before it did, too' })
  delivered_number: number;

  @ApiProperty({ type: String, format: 'date-time', nullable: true })
  delivered_at: string | null;

  @ApiProperty({ type: String, format: 'date-time', nullable: true, description: 'The latest try' })
  tried_at: string | null;

  @ApiProperty({ description: 'Tries of the next one that failed' })
  failures: number;

  @ApiProperty({ type: String, nullable: true })
  last_error: string | null;
}

export class SigningKeyDto {
  @ApiProperty()
  key_id: string;

  @ApiProperty({ description: 'SPKI, PEM' })
  public_key: string;

  @ApiProperty({ format: 'date-time' })
  created_at: string;
}

class ProofRecordDto {
  @ApiProperty({ format: 'uuid' })
  id: string;

  @ApiProperty({ format: 'date-time' })
  created_at: string;

  @ApiProperty({ format: 'uuid' })
  group_id: string;

  @ApiProperty({
    type: 'array',
    items: { type: 'array', items: { type: 'string', nullable: true } },
    description: 'Names and values of the hashed fields, in their order',
  })
  fields: [string, string | null][];

  @ApiProperty({ type: String, nullable: true, description: 'In hex; null once erased' })
  salt: string | null;

  @ApiProperty({
    type: String,
    nullable: true,
    description: 'The arguments, as the text that is committed to',
  })
  request: string | null;

  @ApiProperty({ type: String, nullable: true, description: 'The result, as the text that is committed to' })
  response: string | null;

  @ApiProperty({ type: String, nullable: true })
  error_message: string | null;

  @ApiProperty({ type: String, nullable: true, description: 'In hex; once erased' })
  request_commitment: string | null;

  @ApiProperty({ type: String, nullable: true, description: 'In hex; once erased' })
  response_commitment: string | null;
}

class PathStepDto {
  @ApiProperty({ enum: ['left', 'right'] })
  side: 'left' | 'right';

  @ApiProperty()
  hash: string;
}

class ProofBatchDto {
  @ApiProperty()
  previous: string;

  @ApiProperty({ format: 'uuid' })
  tenant: string;

  @ApiProperty({ format: 'uuid' })
  writer: string;

  @ApiProperty()
  seq: number;

  @ApiProperty()
  records: number;

  @ApiProperty()
  total: number;

  @ApiProperty({ format: 'date-time' })
  first: string;

  @ApiProperty({ format: 'date-time' })
  last: string;

  @ApiProperty()
  root: string;
}

class SignedCheckpointDto {
  @ApiProperty()
  text: string;

  @ApiProperty()
  key_id: string;

  @ApiProperty()
  signature: string;
}

export class ProofDto {
  @ApiProperty({ example: 'toolcrib proof v1' })
  format: string;

  @ApiProperty()
  record: ProofRecordDto;

  @ApiProperty({ description: 'Of the record in its batch, from 0' })
  position: number;

  @ApiProperty({ type: [PathStepDto], description: "From the record's leaf to the root of its batch" })
  path: PathStepDto[];

  @ApiProperty({
    type: [ProofBatchDto],
    description: "From the record's batch to the one that the checkpoint names",
  })
  batches: ProofBatchDto[];

  @ApiProperty()
  checkpoint: SignedCheckpointDto;

  @ApiProperty({ type: String, nullable: true, description: 'For convenience: trust the one you got before' })
  public_key: string | null;
}
