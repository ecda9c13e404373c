import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { Type as As } from 'class-transformer';
import { ArrayMaxSize, IsArray, IsUUID, ValidateNested } from 'class-validator';
import { MayBeAbsent } from '../../platform/rest/rest.dto.js';
import { AddToolDto, GroupToolDto, UpdateToolDto } from './group-tools.dto.js';

const BULK_MAX = 200;

export class BulkAddDto extends AddToolDto {
  @ApiProperty({ format: 'uuid', description: 'The group that gets it' })
  @IsUUID()
  group_id: string;
}

export class BulkChangeDto extends UpdateToolDto {
  @ApiProperty({ format: 'uuid', description: 'Of the tool in its group' })
  @IsUUID()
  id: string;
}

/** Changes come before additions, so that a name that moves away is free. */
export class BulkToolsDto {
  @ApiPropertyOptional({
    type: [BulkChangeDto],
    maxItems: BULK_MAX,
    description: 'Turn on or off, move, set: what a change leaves out stays',
    example: [],
  })
  @MayBeAbsent()
  @IsArray()
  @ArrayMaxSize(BULK_MAX)
  @ValidateNested({ each: true })
  @As(() => BulkChangeDto)
  change?: BulkChangeDto[];

  @ApiPropertyOptional({
    type: [BulkAddDto],
    maxItems: BULK_MAX,
    description:
      'Registered tools to give to groups; after the changes, so that a name that moves away is free',
    example: [],
  })
  @MayBeAbsent()
  @IsArray()
  @ArrayMaxSize(BULK_MAX)
  @ValidateNested({ each: true })
  @As(() => BulkAddDto)
  add?: BulkAddDto[];
}

export class BulkToolsResultDto {
  @ApiProperty({ type: [GroupToolDto], description: 'As asked: first what was changed, then what was added' })
  tools: readonly GroupToolDto[];
}
