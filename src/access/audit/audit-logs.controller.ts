import { Controller, Get, HttpStatus, Param, Query, Res } from '@nestjs/common';
import { ApiBearerAuth, ApiOperation, ApiProduces, ApiResponse, ApiTags } from '@nestjs/swagger';
import type { Response } from 'express';
import { CurrentCaller, Requires } from '../access.js';
import type { UserCaller } from '../caller.js';
import { sendDownload } from '../../platform/rest/download.js';
import { ok, pageOf } from '../../platform/rest/envelope.js';
import { ApiData, ApiFailures, ApiPage, IdParam } from '../../platform/rest/rest.dto.js';
import { toAuditLogDto } from './audit-lines.js';
import { AuditExportQueryDto, AuditLogDto, AuditQueryDto } from './audit-logs.dto.js';
import { AuditLogsService } from './audit-logs.service.js';

const { BAD_REQUEST, UNAUTHORIZED, FORBIDDEN, NOT_FOUND, OK } = HttpStatus;
const TEXT = { schema: { type: 'string' } };

@ApiTags('audit')
@ApiBearerAuth()
@ApiFailures(UNAUTHORIZED, FORBIDDEN)
@Requires('audit.read')
@Controller('api/v1/admin/audit-logs')
export class AuditLogsController {
  constructor(private readonly auditLogs: AuditLogsService) {}

  @Get()
  @ApiOperation({
    summary: 'What administrators did and tried, newest first',
    description: 'A refused attempt (403) is one, too: result=refused.',
  })
  @ApiPage(AuditLogDto)
  @ApiFailures(BAD_REQUEST)
  async list(@CurrentCaller() caller: UserCaller, @Query() query: AuditQueryDto) {
    const page = await this.auditLogs.list(caller, query);
    return pageOf({ ...page, items: page.items.map(toAuditLogDto) });
  }

  @Get('export')
  @ApiOperation({
    summary: 'All of it that the filters let through, as a file',
    description:
      'Newest first, sent while it is read. In CSV a cell that a spreadsheet would run begins with an apostrophe. The export ' +
      'is on record itself.',
  })
  @ApiProduces('application/jsonl', 'text/csv', 'application/json')
  @ApiResponse({ status: OK, content: { 'application/jsonl': TEXT, 'text/csv': TEXT } })
  @ApiFailures(BAD_REQUEST)
  async export(
    @CurrentCaller() caller: UserCaller,
    @Query() query: AuditExportQueryDto,
    @Res() response: Response,
  ): Promise<void> {
    await sendDownload(response, await this.auditLogs.export(caller, query));
  }

  @Get(':id')
  @ApiOperation({ summary: 'One entry' })
  @ApiData(AuditLogDto)
  @ApiFailures(NOT_FOUND)
  async get(@CurrentCaller() caller: UserCaller, @Param() { id }: IdParam) {
    return ok(toAuditLogDto(await this.auditLogs.get(caller, id)));
  }
}
