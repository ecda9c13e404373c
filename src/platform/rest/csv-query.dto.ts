import { ApiPropertyOptional } from '@nestjs/swagger';
import { IsBoolean } from 'class-validator';
import { MayBeAbsent, QueryBoolean } from './rest.dto.js';

/** What every export that may be CSV takes. */
export class CsvQueryDto {
  @ApiPropertyOptional({
    description:
      'true: CSV begins with a byte order mark, without which Excel takes UTF-8 for something else',
  })
  @MayBeAbsent()
  @QueryBoolean()
  @IsBoolean()
  bom?: boolean;
}
