import { Body, Controller, Get, HttpStatus, Put } from '@nestjs/common';
import { ApiBearerAuth, ApiOperation, ApiTags } from '@nestjs/swagger';
import { CurrentCaller, Requires } from '../access/access.js';
import type { UserCaller } from '../access/caller.js';
import { changed, ok } from '../platform/rest/envelope.js';
import { IfMatch, type ReadVersions } from '../platform/rest/preconditions.js';
import { ApiChange, ApiData, ApiFailures } from '../platform/rest/rest.dto.js';
import { AutomationSettingsDto, PutAutomationSettingsDto } from './automation-settings.dto.js';
import { AutomationSettingsService } from './automation-settings.service.js';

const { BAD_REQUEST, UNAUTHORIZED, FORBIDDEN, NOT_FOUND } = HttpStatus;

@ApiTags('automation')
@ApiBearerAuth()
@ApiFailures(UNAUTHORIZED, FORBIDDEN)
@Controller('api/v1/admin/automation/settings')
export class AutomationSettingsController {
  constructor(private readonly settings: AutomationSettingsService) {}

  @Get()
  @Requires('automation.read')
  @ApiOperation({ summary: 'How new customers are greeted' })
  @ApiData(AutomationSettingsDto)
  async get(@CurrentCaller() caller: UserCaller) {
    return ok(await this.settings.get(caller));
  }

  @Put()
  @Requires('automation.write')
  @ApiOperation({
    summary: 'Set how new customers are greeted',
    description: 'In force with the next step of every run.',
  })
  @ApiChange(AutomationSettingsDto)
  @ApiFailures(BAD_REQUEST, NOT_FOUND)
  async put(
    @CurrentCaller() caller: UserCaller,
    @Body() body: PutAutomationSettingsDto,
    @IfMatch() ifMatch?: ReadVersions,
  ) {
    return changed(await this.settings.put(caller, body, ifMatch), 'Settings changed');
  }
}
