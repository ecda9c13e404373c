import { Body, Controller, Get, HttpCode, HttpStatus, Param, Post, Query } from '@nestjs/common';
import { ApiBearerAuth, ApiOperation, ApiTags } from '@nestjs/swagger';
import { CurrentCaller, Requires } from '../access/access.js';
import type { UserCaller } from '../access/caller.js';
import { ok, pageOf } from '../platform/rest/envelope.js';
import { ApiData, ApiDataList, ApiFailures, ApiPage, IdParam } from '../platform/rest/rest.dto.js';
import { JobMetricsService } from './job-metrics.service.js';
import { toJobDetailDto, toJobDto } from './job-views.js';
import { JobsAdminService } from './jobs-admin.service.js';
import {
  JobDetailDto,
  JobDto,
  JobMetricsDto,
  JobMetricsQueryDto,
  JobQueryDto,
  PurgeDeadJobsDto,
  PurgedDto,
} from './jobs.dto.js';

const { BAD_REQUEST, UNAUTHORIZED, FORBIDDEN, NOT_FOUND, CONFLICT, OK } = HttpStatus;

@ApiTags('jobs')
@ApiBearerAuth()
@ApiFailures(UNAUTHORIZED, FORBIDDEN)
@Controller('api/v1/admin/jobs')
export class JobsController {
  constructor(
    private readonly jobs: JobsAdminService,
    private readonly metrics: JobMetricsService,
  ) {}

  @Get()
  @Requires('jobs.read')
  @ApiOperation({ summary: 'Background jobs, newest first' })
  @ApiPage(JobDto)
  @ApiFailures(BAD_REQUEST)
  async list(@CurrentCaller() caller: UserCaller, @Query() query: JobQueryDto) {
    const page = await this.jobs.list(caller, query);
    return pageOf({ ...page, items: page.items.map(toJobDto) });
  }

  @Get('metrics')
  @Requires('jobs.read')
  @ApiOperation({ summary: 'How many jobs wait, run and failed, by kind' })
  @ApiDataList(JobMetricsDto)
  @ApiFailures(BAD_REQUEST)
  async readMetrics(@CurrentCaller() caller: UserCaller, @Query() { hours }: JobMetricsQueryDto) {
    return ok(await this.metrics.read(caller, hours));
  }

  @Post('purge')
  @Requires('jobs.write')
  @HttpCode(OK)
  @ApiOperation({ summary: 'Remove dead letters', description: 'The oldest first, up to 5000 at once.' })
  @ApiData(PurgedDto)
  @ApiFailures(BAD_REQUEST)
  async purge(@CurrentCaller() caller: UserCaller, @Body() body: PurgeDeadJobsDto) {
    return ok(await this.jobs.purge(caller, body), 'Purged');
  }

  @Get(':id')
  @Requires('jobs.read')
  @ApiOperation({ summary: 'One job with its attempts, steps and progress' })
  @ApiData(JobDetailDto)
  @ApiFailures(NOT_FOUND)
  async get(@CurrentCaller() caller: UserCaller, @Param() { id }: IdParam) {
    return ok(toJobDetailDto(await this.jobs.get(caller, id)));
  }

  @Post(':id/retry')
  @Requires('jobs.write')
  @HttpCode(OK)
  @ApiOperation({
    summary: 'Run a job again, now',
    description:
      'One that is dead, cancelled or waiting. Steps that are done stay done: it goes on from the one that failed.',
  })
  @ApiData(JobDetailDto)
  @ApiFailures(NOT_FOUND, CONFLICT)
  async retry(@CurrentCaller() caller: UserCaller, @Param() { id }: IdParam) {
    return ok(toJobDetailDto(await this.jobs.retry(caller, id)), 'Queued again');
  }

  @Post(':id/cancel')
  @Requires('jobs.write')
  @HttpCode(OK)
  @ApiOperation({
    summary: 'End a job that waits or runs',
    description: 'A run that is under way, on whatever replica, is aborted and stores nothing more.',
  })
  @ApiData(JobDetailDto)
  @ApiFailures(NOT_FOUND, CONFLICT)
  async cancel(@CurrentCaller() caller: UserCaller, @Param() { id }: IdParam) {
    return ok(toJobDetailDto(await this.jobs.cancel(caller, id)), 'Cancelled');
  }
}
