import { Body, Controller, Delete, Get, HttpCode, HttpStatus, Param, Post, Put } from '@nestjs/common';
import { ApiBearerAuth, ApiOperation, ApiTags } from '@nestjs/swagger';
import { CurrentCaller, Requires } from '../access/access.js';
import type { UserCaller } from '../access/caller.js';
import { changed, ok } from '../platform/rest/envelope.js';
import { IfMatch, type ReadVersions } from '../platform/rest/preconditions.js';
import { ApiChange, ApiData, ApiDataList, ApiFailures } from '../platform/rest/rest.dto.js';
import {
  LanguageParam,
  PreviewWelcomeDto,
  PutWelcomeTemplateDto,
  WelcomePreviewDto,
  WelcomeTemplateDto,
} from './welcome-templates.dto.js';
import { WelcomeTemplatesService } from './welcome-templates.service.js';

const { BAD_REQUEST, UNAUTHORIZED, FORBIDDEN, NOT_FOUND, CONFLICT, OK } = HttpStatus;

@ApiTags('automation')
@ApiBearerAuth()
@ApiFailures(UNAUTHORIZED, FORBIDDEN)
@Controller('api/v1/admin/automation/templates')
export class WelcomeTemplatesController {
  constructor(private readonly templates: WelcomeTemplatesService) {}

  @Get()
  @Requires('automation.read')
  @ApiOperation({ summary: 'The welcome texts that step in for an agent, by language' })
  @ApiDataList(WelcomeTemplateDto)
  async list(@CurrentCaller() caller: UserCaller) {
    return ok(await this.templates.list(caller));
  }

  @Post('preview')
  @Requires('automation.read')
  @HttpCode(OK)
  @ApiOperation({ summary: 'See what a customer would read', description: 'Changes nothing.' })
  @ApiData(WelcomePreviewDto)
  @ApiFailures(BAD_REQUEST, NOT_FOUND)
  async preview(@CurrentCaller() caller: UserCaller, @Body() body: PreviewWelcomeDto) {
    return ok(await this.templates.preview(caller, body));
  }

  @Get(':language')
  @Requires('automation.read')
  @ApiOperation({ summary: 'The welcome text of one language' })
  @ApiData(WelcomeTemplateDto)
  @ApiFailures(BAD_REQUEST, NOT_FOUND)
  async get(@CurrentCaller() caller: UserCaller, @Param() { language }: LanguageParam) {
    return ok(await this.templates.get(caller, language));
  }

  @Put(':language')
  @Requires('automation.write')
  @ApiOperation({ summary: 'Write a welcome text of your own for a language' })
  @ApiChange(WelcomeTemplateDto)
  @ApiFailures(BAD_REQUEST, CONFLICT)
  async put(
    @CurrentCaller() caller: UserCaller,
    @Param() { language }: LanguageParam,
    @Body() { body }: PutWelcomeTemplateDto,
    @IfMatch() ifMatch?: ReadVersions,
  ) {
    return changed(await this.templates.put(caller, language, { body, ifMatch }), 'Template set');
  }

  @Delete(':language')
  @Requires('automation.write')
  @ApiOperation({
    summary: 'Remove your own welcome text of a language',
    description: 'The one that comes with the product is in force again, where there is one.',
  })
  @ApiChange(null)
  @ApiFailures(BAD_REQUEST, NOT_FOUND)
  async delete(
    @CurrentCaller() caller: UserCaller,
    @Param() { language }: LanguageParam,
    @IfMatch() ifMatch?: ReadVersions,
  ) {
    await this.templates.delete(caller, language, ifMatch);
    return changed(null, 'Template removed');
  }
}
