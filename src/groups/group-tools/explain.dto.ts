import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { IsObject, IsString, IsUUID, Length } from 'class-validator';
import { MayBeAbsent } from '../../platform/rest/rest.dto.js';

export class ExplainDto {
  @ApiPropertyOptional({ format: 'uuid', description: 'A group key; or name a user' })
  @MayBeAbsent()
  @IsUUID()
  key_id?: string;

  @ApiPropertyOptional({ format: 'uuid', description: 'A user with an access token; or name a key' })
  @MayBeAbsent()
  @IsUUID()
  user_id?: string;

  @ApiProperty({ example: 'get_user_profile' })
  @IsString()
  @Length(1, 128)
  tool: string;

  @ApiPropertyOptional({
    type: Object,
    example: { username: 'emma' },
    description: 'Checked as a call would check them',
  })
  @MayBeAbsent()
  @IsObject()
  arguments?: Record<string, unknown>;
}

class RuleOutcomeDto {
  @ApiProperty({ example: 'group_roles' })
  rule: string;

  @ApiProperty()
  passed: boolean;

  @ApiProperty({ type: String, nullable: true, description: 'What is in the way' })
  reason: string | null;
}

class RecordPreviewDto {
  @ApiProperty({ example: 'get_user_profile' })
  tool_name: string;

  @ApiProperty({ type: String, format: 'uuid', nullable: true })
  key_id: string | null;

  @ApiProperty({ type: String, format: 'uuid', nullable: true })
  user_id: string | null;

  @ApiProperty({
    type: String,
    nullable: true,
    description: 'null: what the tool itself will say is not known',
  })
  error_kind: string | null;

  @ApiProperty({ type: String, nullable: true })
  error_message: string | null;

  @ApiProperty({ type: Object, nullable: true, description: 'The arguments, secrets replaced' })
  request_data: object | null;
}

export class ExplanationDto {
  @ApiProperty({ description: 'Whether the call would reach the tool' })
  allowed: boolean;

  @ApiProperty({ type: String, nullable: true, description: 'The first rule that says no; null: none does' })
  decided_by: string | null;

  @ApiProperty({ type: [RuleOutcomeDto], description: 'In the order they are asked' })
  rules: RuleOutcomeDto[];

  @ApiProperty({
    type: RecordPreviewDto,
    nullable: true,
    description: 'What the call log would hold; null: refused at the door, which is not a call',
  })
  record: RecordPreviewDto | null;
}
