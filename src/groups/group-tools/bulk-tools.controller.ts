import { Body, Controller, HttpCode, HttpStatus, Post } from '@nestjs/common';
import { ApiBearerAuth, ApiOperation, ApiTags } from '@nestjs/swagger';
import { CurrentCaller, Requires } from '../../access/access.js';
import type { UserCaller } from '../../access/caller.js';
import type { InFlight } from '../../platform/replicas/change-bus.js';
import { changed } from '../../platform/rest/envelope.js';
import { ApiInFlight, InFlightParam } from '../../platform/rest/in-flight.js';
import { ApiChange, ApiFailures } from '../../platform/rest/rest.dto.js';
import { BulkToolsDto, BulkToolsResultDto } from './bulk-tools.dto.js';
import { BulkToolsService } from './bulk-tools.service.js';
import { GroupToolViews } from './group-tool-views.js';

const { BAD_REQUEST, UNAUTHORIZED, FORBIDDEN, NOT_FOUND, CONFLICT, OK } = HttpStatus;

@ApiTags('tools')
@ApiBearerAuth()
@ApiFailures(UNAUTHORIZED, FORBIDDEN)
@Controller('api/v1/admin')
export class BulkToolsController {
  constructor(
    private readonly bulk: BulkToolsService,
    private readonly views: GroupToolViews,
  ) {}

  @Post('tools/bulk')
  @Requires('tools.write')
  @HttpCode(OK)
  @ApiInFlight()
  @ApiOperation({
    summary: 'Add, turn on or off, move and set many tools at once',
    description: 'All of it or nothing, in one transaction: at most 200 changes and 200 additions.',
  })
  @ApiChange(BulkToolsResultDto)
  @ApiFailures(BAD_REQUEST, NOT_FOUND, CONFLICT)
  async apply(
    @CurrentCaller() caller: UserCaller,
    @Body() body: BulkToolsDto,
    @InFlightParam() inFlight?: InFlight,
  ) {
    const tools = await this.bulk.apply(caller, body, inFlight);
    return changed({ tools: await this.views.many(tools) }, 'Tools changed');
  }
}
