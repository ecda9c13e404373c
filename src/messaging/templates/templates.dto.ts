import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { IsIn, IsString, Length, Matches } from 'class-validator';
import { MayBeAbsent } from '../../platform/rest/rest.dto.js';
import { type Language, LANGUAGES, NOTICE_KINDS, type NoticeKind } from '../notices/notice.js';

const PRINTABLE = /^[^\p{C}]*$/u;
const TITLE = '{{customer_name}} is waiting';
const BODY = 'Hello {{recipient_name}},\n\n{{customer_name}} has just registered.';

export class TemplateParam {
  @ApiProperty({ enum: NOTICE_KINDS, description: 'Of notice', example: 'new_customer' })
  @IsIn(NOTICE_KINDS)
  kind: NoticeKind;

  @ApiProperty({ enum: LANGUAGES, description: 'Of the text', example: 'en' })
  @IsIn(LANGUAGES)
  language: Language;
}

export class PutTemplateDto {
  @ApiPropertyOptional({
    example: TITLE,
    description: 'One line; `{{name}}` stands for a variable of the kind',
  })
  @MayBeAbsent()
  @IsString()
  @Length(1, 200)
  @Matches(PRINTABLE, { message: 'must not hold control characters' })
  title?: string;

  @ApiPropertyOptional({ example: BODY })
  @MayBeAbsent()
  @IsString()
  @Length(1, 10_000)
  body?: string;
}

export class PreviewTemplateDto {
  @ApiPropertyOptional({ example: TITLE, description: 'Without it: the one in force' })
  @MayBeAbsent()
  @IsString()
  @Length(1, 200)
  @Matches(PRINTABLE, { message: 'must not hold control characters' })
  title?: string;

  @ApiPropertyOptional({ example: BODY, description: 'Without it: the one in force' })
  @MayBeAbsent()
  @IsString()
  @Length(1, 10_000)
  body?: string;
}

export class TemplatePreviewDto {
  @ApiProperty({ example: 'Emma Stone is waiting' })
  title: string;

  @ApiProperty()
  body: string;
}

export class TemplateDto {
  @ApiProperty({ enum: NOTICE_KINDS })
  kind: string;

  @ApiProperty({ enum: LANGUAGES })
  language: string;

  @ApiProperty({ example: TITLE })
  title: string;

  @ApiProperty({ example: BODY })
  body: string;

  @ApiProperty({ description: 'Whether it is ours and not your own' })
  is_default: boolean;

  @ApiProperty({ type: [String], example: ['customer_name'], description: 'What it may name' })
  variables: readonly string[];

  @ApiProperty({ description: 'Grows with each change, 0: ours; also the ETag, for If-Match' })
  version: number;

  @ApiProperty({ type: String, format: 'date-time', nullable: true })
  updated_at: string | null;
}
