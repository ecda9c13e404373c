import { Body, Controller, Delete, Get, HttpCode, HttpStatus, Param, Post, Put, Query } from '@nestjs/common';
import { ApiBearerAuth, ApiOperation, ApiTags } from '@nestjs/swagger';
import { CurrentCaller, Requires, ShowsSecret } from '../access/access.js';
import type { UserCaller } from '../access/caller.js';
import type { InFlight } from '../platform/replicas/change-bus.js';
import { changed, ok, pageOf } from '../platform/rest/envelope.js';
import { IfMatch, type ReadVersions } from '../platform/rest/preconditions.js';
import { ApiInFlight, InFlightParam } from '../platform/rest/in-flight.js';
import { ApiChange, ApiData, ApiFailures, ApiPage, IdParam } from '../platform/rest/rest.dto.js';
import { Config } from '../platform/config.js';
import { ExplainDto, ExplanationDto } from './group-tools/explain.dto.js';
import { ExplainService } from './group-tools/explain.service.js';
import { GroupConnectService } from './group-connect.service.js';
import { GroupKeysService } from './keys/group-keys.service.js';
import { toCreatedGroupDto, toGroupDto, toGroupKeyDto, toServerUrlDto } from './group-views.js';
import {
  ConnectDto,
  ConnectQueryDto,
  CopyGroupDto,
  CreatedGroupDto,
  CreateGroupDto,
  GroupDto,
  GroupKeyDto,
  GroupQueryDto,
  ServerUrlDto,
  UpdateGroupDto,
} from './groups.dto.js';
import { GroupsService } from './groups.service.js';

const { BAD_REQUEST, UNAUTHORIZED, FORBIDDEN, NOT_FOUND, CONFLICT, CREATED, OK } = HttpStatus;

@ApiTags('groups')
@ApiBearerAuth()
@ApiFailures(UNAUTHORIZED, FORBIDDEN)
@Controller('api/v1/admin/groups')
export class GroupsController {
  constructor(
    private readonly groups: GroupsService,
    private readonly keys: GroupKeysService,
    private readonly connections: GroupConnectService,
    private readonly explanations: ExplainService,
    private readonly config: Config,
  ) {}

  @Get()
  @Requires('groups.read')
  @ApiOperation({ summary: "The tenant's tool groups, oldest first" })
  @ApiPage(GroupDto)
  @ApiFailures(BAD_REQUEST)
  async list(@CurrentCaller() caller: UserCaller, @Query() query: GroupQueryDto) {
    const page = await this.groups.list(caller, query);
    return pageOf({ ...page, items: page.items.map((summary) => toGroupDto(summary, this.config)) });
  }

  @Post()
  @ShowsSecret()
  @Requires('groups.write')
  @ApiOperation({ summary: 'Make a group', description: 'It comes with its first key.' })
  @ApiChange(CreatedGroupDto, CREATED)
  @ApiFailures(BAD_REQUEST, CONFLICT)
  async create(@CurrentCaller() caller: UserCaller, @Body() body: CreateGroupDto) {
    return changed(toCreatedGroupDto(await this.groups.create(caller, body), this.config), 'Group created');
  }

  @Get(':id')
  @Requires('groups.read')
  @ApiOperation({ summary: 'One group' })
  @ApiData(GroupDto)
  @ApiFailures(NOT_FOUND)
  async get(@CurrentCaller() caller: UserCaller, @Param() { id }: IdParam) {
    return ok(toGroupDto(await this.groups.get(caller, id), this.config));
  }

  @Put(':id')
  @Requires('groups.write')
  @ApiInFlight()
  @ApiOperation({ summary: 'Change a group' })
  @ApiChange(GroupDto)
  @ApiFailures(BAD_REQUEST, NOT_FOUND, CONFLICT)
  async update(
    @CurrentCaller() caller: UserCaller,
    @Param() { id }: IdParam,
    @Body() body: UpdateGroupDto,
    @IfMatch() ifMatch?: ReadVersions,
    @InFlightParam() inFlight?: InFlight,
  ) {
    return changed(
      toGroupDto(await this.groups.update(caller, id, body, { inFlight, ifMatch }), this.config),
      'Group changed',
    );
  }

  @Delete(':id')
  @Requires('groups.write')
  @ApiInFlight()
  @ApiOperation({
    summary: 'Delete a group',
    description: 'Its keys and tools go with it; its call records stay.',
  })
  @ApiChange(null)
  @ApiFailures(NOT_FOUND)
  async delete(
    @CurrentCaller() caller: UserCaller,
    @Param() { id }: IdParam,
    @IfMatch() ifMatch?: ReadVersions,
    @InFlightParam() inFlight?: InFlight,
  ) {
    await this.groups.delete(caller, id, { inFlight, ifMatch });
    return changed(null, 'Group deleted');
  }

  @Post(':id/refresh')
  @Requires('groups.write')
  @HttpCode(OK)
  @ApiOperation({
    summary: 'Have every replica read a group anew',
    description:
      'Changes do so by themselves; this shows it, replica by replica. Nothing of the group changes.',
  })
  @ApiChange(GroupDto)
  @ApiFailures(NOT_FOUND)
  async refresh(@CurrentCaller() caller: UserCaller, @Param() { id }: IdParam) {
    return changed(toGroupDto(await this.groups.refresh(caller, id), this.config), 'Group refreshed');
  }

  @Post(':id/copy')
  @ShowsSecret()
  @Requires('groups.write')
  @ApiOperation({
    summary: 'Make a group like another one',
    description: 'With its settings and its tools; with a key of its own, and none of its keys.',
  })
  @ApiChange(CreatedGroupDto, CREATED)
  @ApiFailures(BAD_REQUEST, NOT_FOUND, CONFLICT)
  async copy(@CurrentCaller() caller: UserCaller, @Param() { id }: IdParam, @Body() body: CopyGroupDto) {
    return changed(toCreatedGroupDto(await this.groups.copy(caller, id, body), this.config), 'Group copied');
  }

  @Get(':id/api-key')
  @ShowsSecret()
  @Requires('keys.reveal')
  @ApiOperation({ summary: "Show a group's key", description: 'Showing it is logged.' })
  @ApiData(GroupKeyDto)
  @ApiFailures(NOT_FOUND)
  async getKey(@CurrentCaller() caller: UserCaller, @Param() { id }: IdParam) {
    return ok(toGroupKeyDto(await this.keys.get(caller, id)));
  }

  @Post(':id/regenerate-key')
  @ShowsSecret()
  @Requires('keys.write')
  @HttpCode(OK)
  @ApiInFlight()
  @ApiOperation({ summary: "Replace a group's key", description: 'The old one stops working at once.' })
  @ApiChange(GroupKeyDto)
  @ApiFailures(NOT_FOUND)
  async regenerateKey(
    @CurrentCaller() caller: UserCaller,
    @Param() { id }: IdParam,
    @InFlightParam() inFlight?: InFlight,
  ) {
    return changed(toGroupKeyDto(await this.keys.regenerate(caller, id, { inFlight })), 'Key replaced');
  }

  @Get(':id/server-url')
  @Requires('groups.read')
  @ApiOperation({ summary: "The URLs of a group's MCP server" })
  @ApiData(ServerUrlDto)
  @ApiFailures(NOT_FOUND)
  async getServerUrl(@CurrentCaller() caller: UserCaller, @Param() { id }: IdParam) {
    return ok(toServerUrlDto(await this.groups.get(caller, id), this.config));
  }

  @Get(':id/connect')
  @ShowsSecret()
  @Requires('groups.read')
  @ApiOperation({
    summary: 'What to paste into Dify, Claude, Cursor, VS Code and the MCP Inspector',
    description: 'With a placeholder for the key, unless an admin asks with include_key=true.',
  })
  @ApiData(ConnectDto)
  @ApiFailures(BAD_REQUEST, NOT_FOUND)
  async getConnect(
    @CurrentCaller() caller: UserCaller,
    @Param() { id }: IdParam,
    @Query() { include_key: withKey }: ConnectQueryDto,
  ) {
    return ok(await (withKey ? this.connections.getWithKey(caller, id) : this.connections.get(caller, id)));
  }

  @Post(':id/explain')
  @Requires('groups.read')
  @HttpCode(OK)
  @ApiOperation({
    summary: 'Would this call be allowed, and which rule decides?',
    description:
      'Nothing is run and nothing recorded. The network of a key and limits of the moment are not asked.',
  })
  @ApiData(ExplanationDto)
  @ApiFailures(BAD_REQUEST, NOT_FOUND)
  async explain(@CurrentCaller() caller: UserCaller, @Param() { id }: IdParam, @Body() body: ExplainDto) {
    return ok(await this.explanations.explain(caller, id, body));
  }
}
