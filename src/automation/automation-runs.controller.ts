import { Body, Controller, Get, HttpCode, HttpStatus, Param, Post, Query } from '@nestjs/common';
import { ApiBearerAuth, ApiOperation, ApiTags } from '@nestjs/swagger';
import { CurrentCaller, Requires } from '../access/access.js';
import type { UserCaller } from '../access/caller.js';
import { ok, pageOf } from '../platform/rest/envelope.js';
import { ApiData, ApiFailures, ApiPage, IdParam } from '../platform/rest/rest.dto.js';
import {
  AutomationRunDetailDto,
  AutomationRunDto,
  AutomationRunQueryDto,
  StartRunDto,
} from './automation-runs.dto.js';
import { AutomationRunsService } from './automation-runs.service.js';
import { toRunDetailDto, toRunDto } from './automation-views.js';

const { BAD_REQUEST, UNAUTHORIZED, FORBIDDEN, NOT_FOUND, CONFLICT, CREATED, OK } = HttpStatus;

@ApiTags('automation')
@ApiBearerAuth()
@ApiFailures(UNAUTHORIZED, FORBIDDEN)
@Controller('api/v1/admin/automation/runs')
export class AutomationRunsController {
  constructor(private readonly runs: AutomationRunsService) {}

  @Get()
  @Requires('automation.read')
  @ApiOperation({ summary: 'Greetings of new customers, newest first' })
  @ApiPage(AutomationRunDto)
  @ApiFailures(BAD_REQUEST)
  async list(@CurrentCaller() caller: UserCaller, @Query() query: AutomationRunQueryDto) {
    const page = await this.runs.list(caller, query);
    return pageOf({ ...page, items: page.items.map(toRunDto) });
  }

  @Post()
  @Requires('automation.write')
  @ApiOperation({
    summary: 'Greet a customer by hand',
    description: 'Under the same conditions as one who has just registered: see skip_reason of the run.',
  })
  @ApiData(AutomationRunDetailDto, CREATED)
  @ApiFailures(BAD_REQUEST, NOT_FOUND, CONFLICT)
  async start(@CurrentCaller() caller: UserCaller, @Body() body: StartRunDto) {
    return ok(toRunDetailDto(await this.runs.start(caller, body)), 'Run begun');
  }

  @Get(':id')
  @Requires('automation.read')
  @ApiOperation({ summary: 'One greeting with its steps, requests to agents and errors' })
  @ApiData(AutomationRunDetailDto)
  @ApiFailures(NOT_FOUND)
  async get(@CurrentCaller() caller: UserCaller, @Param() { id }: IdParam) {
    return ok(toRunDetailDto(await this.runs.get(caller, id)));
  }

  @Post(':id/retry')
  @Requires('automation.write')
  @HttpCode(OK)
  @ApiOperation({
    summary: 'Let a greeting that failed go on',
    description: 'From the step that failed; what is done stays done.',
  })
  @ApiData(AutomationRunDetailDto)
  @ApiFailures(NOT_FOUND, CONFLICT)
  async retry(@CurrentCaller() caller: UserCaller, @Param() { id }: IdParam) {
    return ok(toRunDetailDto(await this.runs.retry(caller, id)), 'Queued again');
  }
}
