import { Body, Controller, Delete, Get, HttpStatus, Param, Put } from '@nestjs/common';
import { ApiBearerAuth, ApiOperation, ApiTags } from '@nestjs/swagger';
import { CurrentCaller, Requires } from '../access/access.js';
import type { UserCaller } from '../access/caller.js';
import { changed, ok } from '../platform/rest/envelope.js';
import { IfMatch, type ReadVersions } from '../platform/rest/preconditions.js';
import { ApiChange, ApiData, ApiDataList, ApiFailures } from '../platform/rest/rest.dto.js';
import { JobSettingsService } from './job-settings.service.js';
import { toJobSettingDto } from './job-views.js';
import { JobKindParam, JobSettingDto, PutJobSettingDto } from './jobs.dto.js';

const { BAD_REQUEST, UNAUTHORIZED, FORBIDDEN, NOT_FOUND, CONFLICT, PRECONDITION_FAILED } = HttpStatus;

@ApiTags('jobs')
@ApiBearerAuth()
@ApiFailures(UNAUTHORIZED, FORBIDDEN)
@Controller('api/v1/admin/job-settings')
export class JobSettingsController {
  constructor(private readonly settings: JobSettingsService) {}

  @Get()
  @Requires('jobs.read')
  @ApiOperation({ summary: 'Every kind of job, with its retry plan' })
  @ApiDataList(JobSettingDto)
  async list(@CurrentCaller() caller: UserCaller) {
    const settings = await this.settings.list(caller);
    return ok(settings.map(({ kind, set }) => toJobSettingDto(kind, set)));
  }

  @Get(':kind')
  @Requires('jobs.read')
  @ApiOperation({ summary: 'One kind of job, with its retry plan' })
  @ApiData(JobSettingDto)
  @ApiFailures(BAD_REQUEST, NOT_FOUND)
  async get(@CurrentCaller() caller: UserCaller, @Param() param: JobKindParam) {
    const { kind, set } = await this.settings.get(caller, param.kind);
    return ok(toJobSettingDto(kind, set));
  }

  @Put(':kind')
  @Requires('jobs.write')
  @ApiOperation({
    summary: 'Set the retry plan of a kind of job',
    description:
      'For your tenant, from the next attempt that fails. A job that was made with a plan of its own keeps it.',
  })
  @ApiChange(JobSettingDto)
  @ApiFailures(BAD_REQUEST, NOT_FOUND, CONFLICT, PRECONDITION_FAILED)
  async put(
    @CurrentCaller() caller: UserCaller,
    @Param() param: JobKindParam,
    @Body() body: PutJobSettingDto,
    @IfMatch() ifMatch?: ReadVersions,
  ) {
    const { kind, set } = await this.settings.put(caller, param.kind, body, ifMatch);
    return changed(toJobSettingDto(kind, set), 'Retry plan set');
  }

  @Delete(':kind')
  @Requires('jobs.write')
  @ApiOperation({ summary: 'Go back to what the author of the kind wrote' })
  @ApiChange(JobSettingDto)
  @ApiFailures(BAD_REQUEST, NOT_FOUND, PRECONDITION_FAILED)
  async delete(
    @CurrentCaller() caller: UserCaller,
    @Param() param: JobKindParam,
    @IfMatch() ifMatch?: ReadVersions,
  ) {
    const { kind, set } = await this.settings.delete(caller, param.kind, ifMatch);
    return changed(toJobSettingDto(kind, set), 'Retry plan removed');
  }
}
