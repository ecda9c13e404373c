import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { IsString, IsUUID, Length, Matches } from 'class-validator';
import { MayBeAbsent } from '../platform/rest/rest.dto.js';
import { LANGUAGE, LANGUAGE_WRONG } from './languages.js';
import { TEMPLATE_VARIABLES } from './welcome-template-text.js';

/** Leaves room for the values, below what a welcome may have. */
const BODY_MAX = 3000;
const SOURCES = ['tenant', 'built_in'] as const;
const EXAMPLE = 'Hello {{display_name}}, welcome to {{business_name}}!';

/** `:language` of a path. */
export class LanguageParam {
  @ApiProperty({ example: 'zh-CN', pattern: LANGUAGE.source, description: 'BCP 47' })
  @Matches(LANGUAGE, { message: LANGUAGE_WRONG })
  language: string;
}

export class PutWelcomeTemplateDto {
  @ApiProperty({
    maxLength: BODY_MAX,
    example: EXAMPLE,
    description: `Plain text with ${TEMPLATE_VARIABLES.map((name) => `{{${name}}}`).join(' and ')}`,
  })
  @IsString()
  @Length(1, BODY_MAX)
  body: string;
}

export class PreviewWelcomeDto {
  @ApiPropertyOptional({
    maxLength: BODY_MAX,
    example: EXAMPLE,
    description: 'Absent: the one that is in force',
  })
  @MayBeAbsent()
  @IsString()
  @Length(1, BODY_MAX)
  body?: string;

  @ApiPropertyOptional({ example: 'zh-CN', description: 'Of the customer; absent: the default language' })
  @MayBeAbsent()
  @Matches(LANGUAGE, { message: LANGUAGE_WRONG })
  language?: string;

  @ApiPropertyOptional({ format: 'uuid', description: 'For this customer; absent: for a name of ours' })
  @MayBeAbsent()
  @IsUUID()
  user_id?: string;
}

export class WelcomePreviewDto {
  @ApiProperty({ example: 'Hello Emma, welcome to Acme!' })
  text: string;

  @ApiProperty({ type: String, nullable: true, example: 'zh', description: 'Of the template that was taken' })
  language: string | null;
}

export class WelcomeTemplateDto {
  @ApiProperty({ example: 'zh' })
  language: string;

  @ApiProperty({ enum: SOURCES, description: 'built_in: it comes with the product, and nothing was set' })
  source: 'tenant' | 'built_in';

  @ApiProperty({ example: EXAMPLE })
  body: string;

  @ApiProperty({ description: 'Grows with each change; 0: built in. Also the ETag, for If-Match' })
  version: number;

  @ApiProperty({ type: String, format: 'date-time', nullable: true })
  updated_at: string | null;
}
