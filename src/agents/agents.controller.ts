import { Body, Controller, Delete, Get, HttpCode, HttpStatus, Param, Post, Put, Query } from '@nestjs/common';
import { ApiBearerAuth, ApiOperation, ApiTags } from '@nestjs/swagger';
import { CurrentCaller, Requires } from '../access/access.js';
import type { UserCaller } from '../access/caller.js';
import { ClientSignal } from '../platform/rest/client-signal.js';
import { changed, ok, pageOf } from '../platform/rest/envelope.js';
import { IfMatch, type ReadVersions } from '../platform/rest/preconditions.js';
import {
  ApiChange,
  ApiData,
  ApiFailures,
  ApiPage,
  IdParam,
  PageQueryDto,
} from '../platform/rest/rest.dto.js';
import { AgentTester } from './agent-tester.js';
import { AgentViews, toAgentTestDto } from './agent-views.js';
import { AgentDto, AgentTestDto, CreateAgentDto, TestAgentDto, UpdateAgentDto } from './agents.dto.js';
import { AgentsService } from './agents.service.js';

const { BAD_REQUEST, UNAUTHORIZED, FORBIDDEN, NOT_FOUND, CONFLICT, CREATED, OK } = HttpStatus;

@ApiTags('agents')
@ApiBearerAuth()
@ApiFailures(UNAUTHORIZED, FORBIDDEN)
@Controller('api/v1/admin/agents')
export class AgentsController {
  constructor(
    private readonly agents: AgentsService,
    private readonly tester: AgentTester,
    private readonly views: AgentViews,
  ) {}

  @Get()
  @Requires('agents.read')
  @ApiOperation({ summary: "The tenant's agents with their versions, oldest first" })
  @ApiPage(AgentDto)
  @ApiFailures(BAD_REQUEST)
  async list(@CurrentCaller() caller: UserCaller, @Query() query: PageQueryDto) {
    const page = await this.agents.list(caller, query);
    return pageOf({ ...page, items: await this.views.ofAgents(caller, page.items) });
  }

  @Post()
  @Requires('agents.write')
  @ApiOperation({
    summary: 'Set up an agent',
    description:
      'With its first version. The app is asked for its mode and its inputs; when it does not answer, `problem` says why.',
  })
  @ApiChange(AgentDto, CREATED)
  @ApiFailures(BAD_REQUEST, CONFLICT)
  async create(@CurrentCaller() caller: UserCaller, @Body() body: CreateAgentDto) {
    const agent = await this.agents.create(caller, body);
    return changed(await this.views.ofAgent(caller, agent), 'Agent set up');
  }

  @Get(':id')
  @Requires('agents.read')
  @ApiOperation({ summary: 'One agent with its versions' })
  @ApiData(AgentDto)
  @ApiFailures(NOT_FOUND)
  async get(@CurrentCaller() caller: UserCaller, @Param() { id }: IdParam) {
    return ok(await this.views.ofAgent(caller, await this.agents.get(caller, id)));
  }

  @Put(':id')
  @Requires('agents.write')
  @ApiOperation({ summary: 'Change an agent' })
  @ApiChange(AgentDto)
  @ApiFailures(BAD_REQUEST, NOT_FOUND, CONFLICT)
  async update(
    @CurrentCaller() caller: UserCaller,
    @Param() { id }: IdParam,
    @Body() body: UpdateAgentDto,
    @IfMatch() ifMatch?: ReadVersions,
  ) {
    const agent = await this.agents.update(caller, id, body, ifMatch);
    return changed(await this.views.ofAgent(caller, agent), 'Agent changed');
  }

  @Delete(':id')
  @Requires('agents.write')
  @ApiOperation({
    summary: 'Remove an agent',
    description: 'Its versions go with it, and its places in orders.',
  })
  @ApiChange(null)
  @ApiFailures(NOT_FOUND)
  async delete(
    @CurrentCaller() caller: UserCaller,
    @Param() { id }: IdParam,
    @IfMatch() ifMatch?: ReadVersions,
  ) {
    await this.agents.delete(caller, id, ifMatch);
    return changed(null, 'Agent removed');
  }

  @Post(':id/test')
  @Requires('agents.write')
  @HttpCode(OK)
  @ApiOperation({
    summary: 'Ask an agent, to see how it answers',
    description:
      'One version is asked once; nothing steps in for it. A failure of the agent is an answer, too: `ok: false`.',
  })
  @ApiData(AgentTestDto)
  @ApiFailures(BAD_REQUEST, NOT_FOUND, CONFLICT)
  async test(
    @CurrentCaller() caller: UserCaller,
    @Param() { id }: IdParam,
    @Body() { version_id: versionId, user = caller.userId, ...question }: TestAgentDto,
    @ClientSignal() signal: AbortSignal,
  ) {
    return ok(
      toAgentTestDto(await this.tester.test(caller, id, { ...question, user, signal }, { versionId })),
    );
  }
}
