import { Controller, Get, HttpStatus, Param, Query } from '@nestjs/common';
import { ApiBearerAuth, ApiOperation, ApiTags } from '@nestjs/swagger';
import { CurrentCaller, Requires } from '../auth/access.js';
import type { UserCaller } from '../auth/caller.js';
import { ok, pageOf } from '../common/envelope.js';
import { ApiData, ApiFailures, ApiPage, IdParam } from '../common/rest.dto.js';
import type { CallLog } from './call-log.entity.js';
import { CallLogDetailDto, CallLogDto, CallLogQueryDto } from './call-logs.dto.js';
import { CallLogsService, type CallSummary } from './call-logs.service.js';

const { BAD_REQUEST, UNAUTHORIZED, FORBIDDEN, NOT_FOUND } = HttpStatus;

@ApiTags('call logs')
@ApiBearerAuth()
@ApiFailures(UNAUTHORIZED, FORBIDDEN)
@Requires('calls.read')
@Controller('api/v1/admin/call-logs')
export class CallLogsController {
  constructor(private readonly callLogs: CallLogsService) {}

  @Get()
  @ApiOperation({ summary: 'Tool calls, newest first' })
  @ApiPage(CallLogDto)
  @ApiFailures(BAD_REQUEST)
  async list(@CurrentCaller() caller: UserCaller, @Query() query: CallLogQueryDto) {
    const page = await this.callLogs.list(caller, query);
    return pageOf({ ...page, items: page.items.map(toDto) });
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
