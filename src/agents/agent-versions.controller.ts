import { Body, Controller, Delete, Get, HttpCode, HttpStatus, Param, Post, Put } from '@nestjs/common';
import { ApiBearerAuth, ApiOperation, ApiTags } from '@nestjs/swagger';
import { CurrentCaller, Requires, ShowsSecret } from '../access/access.js';
import type { UserCaller } from '../access/caller.js';
import { changed, ok } from '../platform/rest/envelope.js';
import { IfMatch, type ReadVersions } from '../platform/rest/preconditions.js';
import { ApiChange, ApiData, ApiFailures, IdParam } from '../platform/rest/rest.dto.js';
import { AgentViews } from './agent-views.js';
import { CreateVersionDto, RevealedVersionDto, UpdateVersionDto, VersionDto } from './agent-versions.dto.js';
import { AgentVersionsService } from './agent-versions.service.js';

const { BAD_REQUEST, UNAUTHORIZED, FORBIDDEN, NOT_FOUND, CONFLICT, CREATED, OK } = HttpStatus;

@ApiTags('agents')
@ApiBearerAuth()
@ApiFailures(UNAUTHORIZED, FORBIDDEN)
@Controller('api/v1/admin')
export class AgentVersionsController {
  constructor(
    private readonly versions: AgentVersionsService,
    private readonly views: AgentViews,
  ) {}

  @Post('agents/:id/versions')
  @Requires('agents.write')
  @ApiOperation({
    summary: 'Give an agent another version',
    description: 'Each user stays with one version; the weights say how many users each gets.',
  })
  @ApiChange(VersionDto, CREATED)
  @ApiFailures(BAD_REQUEST, NOT_FOUND, CONFLICT)
  async create(
    @CurrentCaller() caller: UserCaller,
    @Param() { id }: IdParam,
    @Body() body: CreateVersionDto,
  ) {
    const row = await this.versions.create(caller, id, body);
    return changed(await this.views.ofVersion(caller, row), 'Version made');
  }

  @Get('agent-versions/:id')
  @Requires('agents.read')
  @ApiOperation({ summary: 'One version of an agent, without its key' })
  @ApiData(VersionDto)
  @ApiFailures(NOT_FOUND)
  async get(@CurrentCaller() caller: UserCaller, @Param() { id }: IdParam) {
    return ok(await this.views.ofVersion(caller, await this.versions.get(caller, id)));
  }

  @Put('agent-versions/:id')
  @Requires('agents.write')
  @ApiOperation({
    summary: 'Change a version of an agent',
    description: 'Another server needs the key anew.',
  })
  @ApiChange(VersionDto)
  @ApiFailures(BAD_REQUEST, NOT_FOUND, CONFLICT)
  async update(
    @CurrentCaller() caller: UserCaller,
    @Param() { id }: IdParam,
    @Body() body: UpdateVersionDto,
    @IfMatch() ifMatch?: ReadVersions,
  ) {
    const row = await this.versions.update(caller, id, body, ifMatch);
    return changed(await this.views.ofVersion(caller, row), 'Version changed');
  }

  @Delete('agent-versions/:id')
  @Requires('agents.write')
  @ApiOperation({ summary: 'Remove a version of an agent', description: 'Not the only one.' })
  @ApiChange(null)
  @ApiFailures(NOT_FOUND, CONFLICT)
  async delete(
    @CurrentCaller() caller: UserCaller,
    @Param() { id }: IdParam,
    @IfMatch() ifMatch?: ReadVersions,
  ) {
    await this.versions.delete(caller, id, ifMatch);
    return changed(null, 'Version removed');
  }

  @Post('agent-versions/:id/check')
  @Requires('agents.write')
  @HttpCode(OK)
  @ApiOperation({
    summary: 'Read mode and inputs of a version anew',
    description: 'After its app was changed in Dify. When it does not answer, `problem` says why.',
  })
  @ApiData(VersionDto)
  @ApiFailures(NOT_FOUND)
  async check(@CurrentCaller() caller: UserCaller, @Param() { id }: IdParam) {
    return ok(await this.views.ofVersion(caller, await this.versions.check(caller, id)));
  }

  @Post('agent-versions/:id/reveal')
  @ShowsSecret()
  @Requires('keys.reveal')
  @HttpCode(OK)
  @ApiOperation({ summary: 'Show the key of a version', description: 'Every showing is on record.' })
  @ApiData(RevealedVersionDto)
  @ApiFailures(NOT_FOUND, CONFLICT)
  async reveal(@CurrentCaller() caller: UserCaller, @Param() { id }: IdParam) {
    return ok(await this.views.ofRevealed(caller, await this.versions.reveal(caller, id)));
  }

  @Post('agent-versions/:id/circuit/reset')
  @Requires('agents.write')
  @HttpCode(OK)
  @ApiOperation({
    summary: 'Let a version that failed too often be asked again at once, on every replica',
  })
  @ApiChange(null)
  @ApiFailures(NOT_FOUND)
  async resetCircuit(@CurrentCaller() caller: UserCaller, @Param() { id }: IdParam) {
    await this.versions.resetCircuit(caller, id);
    return changed(null, 'Circuit closed');
  }
}
