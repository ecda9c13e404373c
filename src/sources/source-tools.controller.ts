import { Body, Controller, Get, HttpCode, HttpStatus, Param, Post, Query } from '@nestjs/common';
import { ApiBearerAuth, ApiOperation, ApiTags } from '@nestjs/swagger';
import { CurrentCaller, Requires } from '../access/access.js';
import type { UserCaller } from '../access/caller.js';
import { changed, ok, pageOf } from '../platform/rest/envelope.js';
import { ApiChange, ApiData, ApiFailures, ApiPage, IdParam } from '../platform/rest/rest.dto.js';
import { SourceToolApprovals } from './source-tool-approvals.js';
import { toSourceToolDto } from './source-tool-views.js';
import { DecideSourceToolDto, SourceToolDto, SourceToolQueryDto } from './source-tools.dto.js';

const { BAD_REQUEST, UNAUTHORIZED, FORBIDDEN, NOT_FOUND, CONFLICT, OK } = HttpStatus;

@ApiTags('sources')
@ApiBearerAuth()
@ApiFailures(UNAUTHORIZED, FORBIDDEN)
@Controller('api/v1/admin/source-tools')
export class SourceToolsController {
  constructor(private readonly approvals: SourceToolApprovals) {}

  @Get()
  @Requires('tools.read')
  @ApiOperation({ summary: "The tools that the tenant's sources bring, oldest first" })
  @ApiPage(SourceToolDto)
  @ApiFailures(BAD_REQUEST)
  async list(@CurrentCaller() caller: UserCaller, @Query() query: SourceToolQueryDto) {
    const page = await this.approvals.list(caller, query);
    return pageOf({ ...page, items: page.items.map(toSourceToolDto) });
  }

  @Get(':id')
  @Requires('tools.read')
  @ApiOperation({ summary: 'One tool of a source, with what waits for approval and where it differs' })
  @ApiData(SourceToolDto)
  @ApiFailures(NOT_FOUND)
  async get(@CurrentCaller() caller: UserCaller, @Param() { id }: IdParam) {
    return ok(toSourceToolDto(await this.approvals.get(caller, id)));
  }

  @Post(':id/approve')
  @Requires('tools.write')
  @HttpCode(OK)
  @ApiOperation({
    summary: 'Take the new or changed definition of a tool',
    description: 'It rules the very next call.',
  })
  @ApiChange(SourceToolDto)
  @ApiFailures(BAD_REQUEST, NOT_FOUND, CONFLICT)
  async approve(
    @CurrentCaller() caller: UserCaller,
    @Param() { id }: IdParam,
    @Body() { digest }: DecideSourceToolDto,
  ) {
    return changed(toSourceToolDto(await this.approvals.approve(caller, id, digest)), 'Tool approved');
  }

  @Post(':id/reject')
  @Requires('tools.write')
  @HttpCode(OK)
  @ApiOperation({
    summary: 'Refuse the new or changed definition of a tool',
    description: 'It is not asked about again. What was approved before stays in force.',
  })
  @ApiChange(SourceToolDto)
  @ApiFailures(BAD_REQUEST, NOT_FOUND, CONFLICT)
  async reject(
    @CurrentCaller() caller: UserCaller,
    @Param() { id }: IdParam,
    @Body() { digest }: DecideSourceToolDto,
  ) {
    return changed(toSourceToolDto(await this.approvals.reject(caller, id, digest)), 'Tool rejected');
  }
}
