import { Body, Controller, Get, HttpStatus, Param, Put } from '@nestjs/common';
import { ApiBearerAuth, ApiOperation, ApiTags } from '@nestjs/swagger';
import { CurrentCaller, Requires } from '../../access/access.js';
import type { UserCaller } from '../../access/caller.js';
import { ok } from '../../platform/rest/envelope.js';
import { IfMatch, type ReadVersions } from '../../platform/rest/preconditions.js';
import { ApiData, ApiFailures, IdParam } from '../../platform/rest/rest.dto.js';
import { RetentionDto, SetRetentionDto } from './retention.dto.js';
import { RetentionService } from './retention.service.js';

const { BAD_REQUEST, UNAUTHORIZED, FORBIDDEN, NOT_FOUND } = HttpStatus;

@ApiTags('call logs')
@ApiBearerAuth()
@ApiFailures(UNAUTHORIZED, FORBIDDEN)
@Controller('api/v1/admin')
export class RetentionController {
  constructor(private readonly retention: RetentionService) {}

  @Get('call-logs/retention')
  @Requires('calls.read')
  @ApiOperation({ summary: 'How long the tenant keeps records of calls' })
  @ApiData(RetentionDto)
  async get(@CurrentCaller() caller: UserCaller) {
    return ok(await this.retention.get(caller, null));
  }

  @Put('call-logs/retention')
  @Requires('calls.retention')
  @ApiOperation({
    summary: 'Decide how long the tenant keeps records of calls',
    description: 'What has been kept longer is removed for good within minutes.',
  })
  @ApiData(RetentionDto)
  @ApiFailures(BAD_REQUEST)
  async set(
    @CurrentCaller() caller: UserCaller,
    @Body() input: SetRetentionDto,
    @IfMatch() ifMatch?: ReadVersions,
  ) {
    return ok(await this.retention.set(caller, null, { input, ifMatch }), 'Retention set');
  }

  @Get('groups/:id/call-log-retention')
  @Requires('calls.read')
  @ApiOperation({ summary: 'How long records of a group’s calls are kept' })
  @ApiData(RetentionDto)
  @ApiFailures(NOT_FOUND)
  async getOfGroup(@CurrentCaller() caller: UserCaller, @Param() { id }: IdParam) {
    return ok(await this.retention.get(caller, id));
  }

  @Put('groups/:id/call-log-retention')
  @Requires('calls.retention')
  @ApiOperation({
    summary: 'Decide how long records of a group’s calls are kept',
    description: 'What has been kept longer is removed for good within minutes.',
  })
  @ApiData(RetentionDto)
  @ApiFailures(BAD_REQUEST, NOT_FOUND)
  async setOfGroup(
    @CurrentCaller() caller: UserCaller,
    @Param() { id }: IdParam,
    @Body() input: SetRetentionDto,
    @IfMatch() ifMatch?: ReadVersions,
  ) {
    return ok(await this.retention.set(caller, id, { input, ifMatch }), 'Retention set');
  }
}
