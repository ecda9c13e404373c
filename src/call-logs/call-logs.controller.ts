import { Controller, Get, HttpStatus, Param, Query, Res } from '@nestjs/common';
import { ApiBearerAuth, ApiOperation, ApiProduces, ApiResponse, ApiTags } from '@nestjs/swagger';
import type { Response } from 'express';
import { CurrentCaller, Requires } from '../access/access.js';
import type { UserCaller } from '../access/caller.js';
import { ClientSignal } from '../platform/rest/client-signal.js';
import { sendDownload } from '../platform/rest/download.js';
import { ok, pageOf } from '../platform/rest/envelope.js';
import { ApiData, ApiFailures, ApiPage, IdParam } from '../platform/rest/rest.dto.js';
import type { CallLog } from './chain/call-log.entity.js';
import { CallExportQueryDto, CallLogDetailDto, CallLogDto, CallLogQueryDto } from './call-logs.dto.js';
import { CallLogsService } from './call-logs.service.js';
import { CallExport } from './search/call-export.js';
import type { CallSummary } from './search/call-search.js';
import { StatisticsDto, StatisticsQueryDto } from './statistics/statistics.dto.js';
import { StatisticsService } from './statistics/statistics.service.js';

const { BAD_REQUEST, UNAUTHORIZED, FORBIDDEN, NOT_FOUND, OK } = HttpStatus;
const TEXT = { schema: { type: 'string' } };

@ApiTags('call logs')
@ApiBearerAuth()
@ApiFailures(UNAUTHORIZED, FORBIDDEN)
@Requires('calls.read')
@Controller('api/v1/admin/call-logs')
export class CallLogsController {
  constructor(
    private readonly callLogs: CallLogsService,
    private readonly statistics: StatisticsService,
    private readonly exports: CallExport,
  ) {}

  @Get()
  @ApiOperation({ summary: 'Tool calls, newest first' })
  @ApiPage(CallLogDto)
  @ApiFailures(BAD_REQUEST)
  async list(@CurrentCaller() caller: UserCaller, @Query() query: CallLogQueryDto) {
    const page = await this.callLogs.list(caller, query);
    return pageOf({ ...page, items: page.items.map(toDto) });
  }

  @Get('statistics')
  @ApiOperation({
    summary: 'Calls, errors and durations, added up',
    description: 'From sums that follow the log within seconds. Percentiles are off by less than 5 %.',
  })
  @ApiData(StatisticsDto)
  @ApiFailures(BAD_REQUEST)
  async readStatistics(@CurrentCaller() caller: UserCaller, @Query() query: StatisticsQueryDto) {
    return ok(await this.statistics.read(caller, query));
  }

  @Get('export')
  @ApiOperation({
    summary: 'All calls that the filters let through, as a file',
    description:
      'Newest first, with arguments and results, sent while it is read. In CSV a cell that a spreadsheet would run begins ' +
      'with an apostrophe. The export is on record.',
  })
  @ApiProduces('application/jsonl', 'text/csv', 'application/json')
  @ApiResponse({ status: OK, content: { 'application/jsonl': TEXT, 'text/csv': TEXT } })
  @ApiFailures(BAD_REQUEST)
  async export(
    @CurrentCaller() caller: UserCaller,
    @Query() query: CallExportQueryDto,
    @ClientSignal() signal: AbortSignal,
    @Res() response: Response,
  ): Promise<void> {
    await sendDownload(response, await this.exports.open(caller, query, signal));
  }

  @Get(':id')
  @ApiOperation({ summary: 'One call with its arguments and result' })
  @ApiData(CallLogDetailDto)
  @ApiFailures(NOT_FOUND)
  async get(@CurrentCaller() caller: UserCaller, @Param() { id }: IdParam) {
    return ok(toDetailDto(await this.callLogs.get(caller, id)));
  }
}

function toDto(call: CallSummary): CallLogDto {
  return {
    id: call.id,
    tool_name: call.toolName,
    tool_id: call.toolId,
    group_id: call.groupId,
    caller_app_id: call.callerAppId,
    key_id: call.keyId,
    user_id: call.userId,
    era: call.era,
    transport: call.transport,
    is_test: call.isTest,
    success: call.success,
    error_kind: call.errorKind,
    error_message: call.errorMessage,
    duration_ms: call.durationMs,
    erased: call.requestCommitment !== null,
    created_at: call.createdAt.toISOString(),
  };
}

function toDetailDto(call: CallLog): CallLogDetailDto {
  return Object.assign(toDto(call), { request_data: call.requestData, response_data: call.responseData });
}
