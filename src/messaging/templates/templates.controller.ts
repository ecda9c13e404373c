import { Body, Controller, Delete, Get, HttpCode, HttpStatus, Param, Post, Put } from '@nestjs/common';
import { ApiBearerAuth, ApiOperation, ApiTags } from '@nestjs/swagger';
import { CurrentCaller, Requires } from '../../access/access.js';
import type { UserCaller } from '../../access/caller.js';
import { changed, ok } from '../../platform/rest/envelope.js';
import { IfMatch, type ReadVersions } from '../../platform/rest/preconditions.js';
import { ApiChange, ApiData, ApiDataList, ApiFailures } from '../../platform/rest/rest.dto.js';
import { toTemplateDto } from '../notices/notification-views.js';
import {
  PreviewTemplateDto,
  PutTemplateDto,
  TemplateDto,
  TemplateParam,
  TemplatePreviewDto,
} from './templates.dto.js';
import { TemplatesService } from './templates.service.js';

const { BAD_REQUEST, UNAUTHORIZED, FORBIDDEN, NOT_FOUND, CONFLICT, OK } = HttpStatus;

@ApiTags('notifications')
@ApiBearerAuth()
@ApiFailures(UNAUTHORIZED, FORBIDDEN)
@Controller('api/v1/admin/notification-templates')
export class TemplatesController {
  constructor(private readonly templates: TemplatesService) {}

  @Get()
  @Requires('notifications.read')
  @ApiOperation({ summary: 'The texts of notices in force, by kind and language' })
  @ApiDataList(TemplateDto)
  async list(@CurrentCaller() caller: UserCaller) {
    return ok((await this.templates.list(caller)).map(toTemplateDto));
  }

  @Get(':kind/:language')
  @Requires('notifications.read')
  @ApiOperation({ summary: 'The text in force for one kind and language' })
  @ApiData(TemplateDto)
  @ApiFailures(BAD_REQUEST)
  async get(@CurrentCaller() { tenantId }: UserCaller, @Param() { kind, language }: TemplateParam) {
    return ok(toTemplateDto(await this.templates.get(tenantId, { kind, language })));
  }

  @Put(':kind/:language')
  @Requires('notifications.write')
  @ApiOperation({
    summary: 'Write your own text for a kind and language',
    description: 'A variable that the kind does not have is refused.',
  })
  @ApiChange(TemplateDto)
  @ApiFailures(BAD_REQUEST, CONFLICT)
  async put(
    @CurrentCaller() caller: UserCaller,
    @Param() { kind, language }: TemplateParam,
    @Body() body: PutTemplateDto,
    @IfMatch() ifMatch?: ReadVersions,
  ) {
    const template = await this.templates.put(caller, { kind, language }, body, ifMatch);
    return changed(toTemplateDto(template), 'Template set');
  }

  @Delete(':kind/:language')
  @Requires('notifications.write')
  @ApiOperation({ summary: 'Go back to our text for a kind and language' })
  @ApiChange(TemplateDto)
  @ApiFailures(BAD_REQUEST, NOT_FOUND)
  async delete(
    @CurrentCaller() caller: UserCaller,
    @Param() { kind, language }: TemplateParam,
    @IfMatch() ifMatch?: ReadVersions,
  ) {
    const template = await this.templates.delete(caller, { kind, language }, ifMatch);
    return changed(toTemplateDto(template), 'Template removed');
  }

  @Post(':kind/:language/preview')
  @Requires('notifications.read')
  @HttpCode(OK)
  @ApiOperation({ summary: 'What a text looks like with sample values; nothing is stored or sent' })
  @ApiData(TemplatePreviewDto)
  @ApiFailures(BAD_REQUEST)
  async preview(
    @CurrentCaller() caller: UserCaller,
    @Param() { kind, language }: TemplateParam,
    @Body() body: PreviewTemplateDto,
  ) {
    return ok(await this.templates.preview(caller, { kind, language }, body));
  }
}
