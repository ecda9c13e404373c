import { Body, Controller, Get, HttpCode, HttpStatus, Param, Post, Query } from '@nestjs/common';
import { ApiBearerAuth, ApiOperation, ApiTags } from '@nestjs/swagger';
import { CurrentCaller, Requires } from '../../access/access.js';
import type { UserCaller } from '../../access/caller.js';
import { changed, ok, pageOf } from '../../platform/rest/envelope.js';
import {
  ApiData,
  ApiDataList,
  ApiFailures,
  ApiPage,
  IdParam,
  PageQueryDto,
} from '../../platform/rest/rest.dto.js';
import { SourceToolApprovals } from '../source-tool-approvals.js';
import { toSourceToolDto } from '../source-tool-views.js';
import { SourceToolDto } from '../source-tools.dto.js';
import { UpstreamConnections } from './upstream-connections.js';
import { UpstreamTester } from './upstream-tester.js';
import { ImportedUpstreamDto, UpstreamLogDto, UpstreamTestDto } from './upstream-answers.dto.js';
import { UpstreamImporter } from './upstream-importer.js';
import { ApproveUpstreamToolsDto, ImportUpstreamsDto } from './upstreams.dto.js';
import { UpstreamsService } from './upstreams.service.js';

const { BAD_REQUEST, UNAUTHORIZED, FORBIDDEN, NOT_FOUND, CONFLICT, OK } = HttpStatus;

@ApiTags('upstreams')
@ApiBearerAuth()
@ApiFailures(UNAUTHORIZED, FORBIDDEN)
@Controller('api/v1/admin/upstreams')
export class UpstreamToolsController {
  constructor(
    private readonly upstreams: UpstreamsService,
    private readonly approvals: SourceToolApprovals,
    private readonly tester: UpstreamTester,
    private readonly connections: UpstreamConnections,
    private readonly importer: UpstreamImporter,
  ) {}

  @Post('import')
  @Requires('upstreams.write')
  @HttpCode(OK)
  @ApiOperation({
    summary: 'Add the servers of an mcp.json',
    description:
      'Each by itself: one that is wrong says why and stops no other. Their tools get their names as prefix.',
  })
  @ApiDataList(ImportedUpstreamDto)
  @ApiFailures(BAD_REQUEST)
  async import(@CurrentCaller() caller: UserCaller, @Body() body: ImportUpstreamsDto) {
    return ok(await this.importer.import(caller, body));
  }

  @Post(':id/test')
  @Requires('upstreams.write')
  @HttpCode(OK)
  @ApiOperation({
    summary: 'Connect to an upstream and list its tools, without keeping anything',
    description: 'That it cannot be reached is an answer, too: `ok: false`.',
  })
  @ApiData(UpstreamTestDto)
  @ApiFailures(NOT_FOUND)
  async test(@CurrentCaller() caller: UserCaller, @Param() { id }: IdParam) {
    const { tools, message, durationMs } = await this.tester.test(caller, id);
    return ok({ ok: message === null, message, tools, duration_ms: durationMs });
  }

  @Get(':id/logs')
  @Requires('upstreams.read')
  @ApiOperation({ summary: 'What the program of an upstream wrote, without secrets' })
  @ApiData(UpstreamLogDto)
  @ApiFailures(NOT_FOUND)
  async logs(@CurrentCaller() caller: UserCaller, @Param() { id }: IdParam) {
    const { stderr, noiseLines, isConnected } = this.connections.output(await this.upstreams.get(caller, id));
    return ok({ stderr, noise_lines: noiseLines, connected: isConnected });
  }

  @Get(':id/tools')
  @Requires('upstreams.read')
  @ApiOperation({ summary: 'The tools of an upstream, oldest first' })
  @ApiPage(SourceToolDto)
  @ApiFailures(BAD_REQUEST, NOT_FOUND)
  async tools(@CurrentCaller() caller: UserCaller, @Param() { id }: IdParam, @Query() query: PageQueryDto) {
    await this.upstreams.get(caller, id);
    const { limit, cursor } = query;
    const page = await this.approvals.list(caller, { limit, cursor, source_id: id });
    return pageOf({ ...page, items: page.items.map(toSourceToolDto) });
  }

  @Get(':id/approvals')
  @Requires('upstreams.read')
  @ApiOperation({ summary: 'The tools of an upstream that wait for approval, with where they differ' })
  @ApiPage(SourceToolDto)
  @ApiFailures(BAD_REQUEST, NOT_FOUND)
  async waiting(@CurrentCaller() caller: UserCaller, @Param() { id }: IdParam, @Query() query: PageQueryDto) {
    await this.upstreams.get(caller, id);
    const { limit, cursor } = query;
    const page = await this.approvals.list(caller, { limit, cursor, source_id: id, waiting: true });
    return pageOf({ ...page, items: page.items.map(toSourceToolDto) });
  }

  @Post(':id/approvals')
  @Requires('upstreams.write')
  @HttpCode(OK)
  @ApiOperation({
    summary: 'Approve tools of an upstream',
    description: 'All that are named or none. Each with the digest of the definition that was read.',
  })
  @ApiDataList(SourceToolDto)
  @ApiFailures(BAD_REQUEST, NOT_FOUND, CONFLICT)
  async approve(
    @CurrentCaller() caller: UserCaller,
    @Param() { id }: IdParam,
    @Body() { tools }: ApproveUpstreamToolsDto,
  ) {
    await this.upstreams.get(caller, id);
    const approved = await this.approvals.approveAll(caller, id, tools);
    return changed(approved.map(toSourceToolDto), 'Tools approved');
  }
}
