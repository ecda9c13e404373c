import { Body, Controller, Delete, Get, HttpCode, HttpStatus, Param, Post, Put, Query } from '@nestjs/common';
import { ApiBearerAuth, ApiOperation, ApiTags } from '@nestjs/swagger';
import { CurrentCaller, Requires } from '../../access/access.js';
import type { UserCaller } from '../../access/caller.js';
import { changed, ok, pageOf } from '../../platform/rest/envelope.js';
import { IfMatch, type ReadVersions } from '../../platform/rest/preconditions.js';
import {
  ApiChange,
  ApiData,
  ApiFailures,
  ApiPage,
  IdParam,
  PageQueryDto,
} from '../../platform/rest/rest.dto.js';
import { UpstreamTester } from './upstream-tester.js';
import { toReadingDto, UpstreamViews } from './upstream-views.js';
import { UpstreamDto, UpstreamReadingDto } from './upstream-answers.dto.js';
import { CreateUpstreamDto, UpdateUpstreamDto } from './upstreams.dto.js';
import { UpstreamsService } from './upstreams.service.js';

const { BAD_REQUEST, UNAUTHORIZED, FORBIDDEN, NOT_FOUND, CONFLICT, CREATED, OK } = HttpStatus;

@ApiTags('upstreams')
@ApiBearerAuth()
@ApiFailures(UNAUTHORIZED, FORBIDDEN)
@Controller('api/v1/admin/upstreams')
export class UpstreamsController {
  constructor(
    private readonly upstreams: UpstreamsService,
    private readonly views: UpstreamViews,
    private readonly tester: UpstreamTester,
  ) {}

  @Get()
  @Requires('upstreams.read')
  @ApiOperation({ summary: 'The MCP servers behind the groups of the tenant, oldest first' })
  @ApiPage(UpstreamDto)
  @ApiFailures(BAD_REQUEST)
  async list(@CurrentCaller() caller: UserCaller, @Query() query: PageQueryDto) {
    const page = await this.upstreams.list(caller, query);
    return pageOf({ ...page, items: await this.views.many(caller, page.items) });
  }

  @Post()
  @Requires('upstreams.write')
  @ApiOperation({
    summary: 'Add an MCP server whose tools groups can have',
    description:
      'Its tools are read right afterwards; `state` says how that went. What looks like a secret is kept sealed.',
  })
  @ApiChange(UpstreamDto, CREATED)
  @ApiFailures(BAD_REQUEST, CONFLICT)
  async create(@CurrentCaller() caller: UserCaller, @Body() body: CreateUpstreamDto) {
    return changed(await this.views.one(caller, await this.upstreams.create(caller, body)), 'Upstream added');
  }

  @Get(':id')
  @Requires('upstreams.read')
  @ApiOperation({ summary: 'One upstream, and how it stands' })
  @ApiData(UpstreamDto)
  @ApiFailures(NOT_FOUND)
  async get(@CurrentCaller() caller: UserCaller, @Param() { id }: IdParam) {
    return ok(await this.views.one(caller, await this.upstreams.get(caller, id)));
  }

  @Put(':id')
  @Requires('upstreams.write')
  @ApiOperation({
    summary: 'Change an upstream, turn it on or off',
    description: 'At once, without a restart.',
  })
  @ApiChange(UpstreamDto)
  @ApiFailures(BAD_REQUEST, NOT_FOUND, CONFLICT)
  async update(
    @CurrentCaller() caller: UserCaller,
    @Param() { id }: IdParam,
    @Body() body: UpdateUpstreamDto,
    @IfMatch() ifMatch?: ReadVersions,
  ) {
    const upstream = await this.upstreams.update(caller, id, body, ifMatch);
    return changed(await this.views.one(caller, upstream), 'Upstream changed');
  }

  @Delete(':id')
  @Requires('upstreams.write')
  @ApiOperation({ summary: 'Remove an upstream', description: 'Its tools leave the groups that have them.' })
  @ApiChange(null)
  @ApiFailures(NOT_FOUND)
  async delete(
    @CurrentCaller() caller: UserCaller,
    @Param() { id }: IdParam,
    @IfMatch() ifMatch?: ReadVersions,
  ) {
    await this.upstreams.delete(caller, id, ifMatch);
    return changed(null, 'Upstream removed');
  }

  @Post(':id/reload')
  @Requires('upstreams.write')
  @HttpCode(OK)
  @ApiOperation({
    summary: 'Read the definitions of an upstream now',
    description: 'That it cannot be reached is an answer, too: `read: false`.',
  })
  @ApiChange(UpstreamReadingDto)
  @ApiFailures(NOT_FOUND)
  async reload(@CurrentCaller() caller: UserCaller, @Param() { id }: IdParam) {
    return changed(toReadingDto(await this.tester.reload(caller, id)), 'Definitions read');
  }
}
