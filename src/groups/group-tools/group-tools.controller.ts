import { Body, Controller, Delete, Get, HttpCode, HttpStatus, Param, Post, Put, Query } from '@nestjs/common';
import { ApiBearerAuth, ApiOperation, ApiTags } from '@nestjs/swagger';
import { CurrentCaller, Requires } from '../../access/access.js';
import type { UserCaller } from '../../access/caller.js';
import { SentIdempotencyKey } from '../../platform/rest/idempotency-key.js';
import { ClientSignal } from '../../platform/rest/client-signal.js';
import { endingOf } from '../../platform/ending.js';
import type { InFlight } from '../../platform/replicas/change-bus.js';
import { changed, ok, pageOf } from '../../platform/rest/envelope.js';
import { IfMatch, type ReadVersions } from '../../platform/rest/preconditions.js';
import { ApiInFlight, InFlightParam } from '../../platform/rest/in-flight.js';
import {
  ApiChange,
  ApiData,
  ApiDataList,
  ApiFailures,
  ApiPage,
  IdParam,
} from '../../platform/rest/rest.dto.js';
import { GroupToolViews } from './group-tool-views.js';
import {
  AddToolDto,
  GroupToolDto,
  GroupToolQueryDto,
  TestToolDto,
  ToolCategoryDto,
  ToolTestDto,
  UpdateToolDto,
} from './group-tools.dto.js';
import { GroupToolsService } from './group-tools.service.js';
import { toToolTestDto } from '../group-views.js';
import { ToolTester } from './tool-tester.js';

const { BAD_REQUEST, UNAUTHORIZED, FORBIDDEN, NOT_FOUND, CONFLICT, CREATED, OK, SERVICE_UNAVAILABLE } =
  HttpStatus;

@ApiTags('tools')
@ApiBearerAuth()
@ApiFailures(UNAUTHORIZED, FORBIDDEN)
@Controller('api/v1/admin')
export class GroupToolsController {
  constructor(
    private readonly tools: GroupToolsService,
    private readonly tester: ToolTester,
    private readonly views: GroupToolViews,
  ) {}

  @Get('tools')
  @Requires('tools.read')
  @ApiOperation({ summary: 'The tools of a group, or of all groups of the tenant' })
  @ApiPage(GroupToolDto)
  @ApiFailures(BAD_REQUEST)
  async list(@CurrentCaller() caller: UserCaller, @Query() query: GroupToolQueryDto) {
    const page = await this.tools.list(caller, query);
    return pageOf({ ...page, items: await this.views.many(page.items) });
  }

  @Get('tools/registered')
  @Requires('tools.read')
  @ApiOperation({ summary: 'The tools that groups can be given, by category, with their schemas' })
  @ApiDataList(ToolCategoryDto)
  async listRegistered(@CurrentCaller() caller: UserCaller) {
    return ok(await this.views.categories(caller));
  }

  @Post('groups/:id/tools')
  @Requires('tools.write')
  @ApiOperation({ summary: 'Give a registered tool to a group' })
  @ApiChange(GroupToolDto, CREATED)
  @ApiFailures(BAD_REQUEST, NOT_FOUND, CONFLICT)
  async add(@CurrentCaller() caller: UserCaller, @Param() { id }: IdParam, @Body() body: AddToolDto) {
    return changed(await this.views.one(await this.tools.add(caller, id, body)), 'Tool added');
  }

  @Get('tools/:id')
  @Requires('tools.read')
  @ApiOperation({ summary: 'One tool of a group' })
  @ApiData(GroupToolDto)
  @ApiFailures(NOT_FOUND)
  async get(@CurrentCaller() caller: UserCaller, @Param() { id }: IdParam) {
    return ok(await this.views.one(await this.tools.get(caller, id)));
  }

  @Put('tools/:id')
  @Requires('tools.write')
  @ApiInFlight()
  @ApiOperation({
    summary: "Change a tool's settings, or move it to another group",
    description:
      'With another `group_id` it moves: its id stays, and agents of both groups are told that their tools have changed.',
  })
  @ApiChange(GroupToolDto)
  @ApiFailures(BAD_REQUEST, NOT_FOUND, CONFLICT)
  async update(
    @CurrentCaller() caller: UserCaller,
    @Param() { id }: IdParam,
    @Body() body: UpdateToolDto,
    @IfMatch() ifMatch?: ReadVersions,
    @InFlightParam() inFlight?: InFlight,
  ) {
    const tool = await this.tools.update(caller, id, body, { inFlight, ifMatch });
    return changed(await this.views.one(tool), 'Tool changed');
  }

  @Delete('tools/:id')
  @Requires('tools.write')
  @ApiInFlight()
  @ApiOperation({ summary: 'Take a tool from its group' })
  @ApiChange(null)
  @ApiFailures(NOT_FOUND)
  async remove(
    @CurrentCaller() caller: UserCaller,
    @Param() { id }: IdParam,
    @IfMatch() ifMatch?: ReadVersions,
    @InFlightParam() inFlight?: InFlight,
  ) {
    await this.tools.remove(caller, id, { inFlight, ifMatch });
    return changed(null, 'Tool removed');
  }

  @Post('tools/:id/test')
  @Requires('tools.test')
  @HttpCode(OK)
  @ApiOperation({
    summary: 'Run a tool as an agent would',
    description: "The call is on record as a test. A tool's own failure is ok: false with status 200.",
  })
  @ApiData(ToolTestDto)
  @ApiFailures(BAD_REQUEST, NOT_FOUND, CONFLICT, SERVICE_UNAVAILABLE)
  async test(
    @CurrentCaller() caller: UserCaller,
    @Param() { id }: IdParam,
    @Body() { arguments: args = {} }: TestToolDto,
    @ClientSignal() signal: AbortSignal,
    @SentIdempotencyKey() idempotencyKey: string | undefined,
  ) {
    return ok(
      toToolTestDto(await this.tester.test(caller, id, args, { ending: endingOf(signal), idempotencyKey })),
    );
  }
}
