import { Controller, Get, HttpStatus, Query } from '@nestjs/common';
import { ApiBearerAuth, ApiOperation, ApiTags } from '@nestjs/swagger';
import { CurrentCaller, Requires } from '../../access/access.js';
import type { UserCaller } from '../../access/caller.js';
import { ok } from '../../platform/rest/envelope.js';
import { ApiData, ApiFailures } from '../../platform/rest/rest.dto.js';
import { AutomationMetricsService } from './automation-metrics.service.js';
import { AutomationOverviewService } from './automation-overview.service.js';
import { DashboardDto, DashboardQueryDto, MetricsDto, MetricsQueryDto } from './numbers.dto.js';
import { OverviewDto } from './overview.dto.js';

const { BAD_REQUEST, UNAUTHORIZED, FORBIDDEN } = HttpStatus;

@ApiTags('automation')
@ApiBearerAuth()
@ApiFailures(UNAUTHORIZED, FORBIDDEN)
@Controller('api/v1/admin/registration-automation')
export class AutomationNumbersController {
  constructor(
    private readonly metrics: AutomationMetricsService,
    private readonly overview: AutomationOverviewService,
  ) {}

  @Get('metrics')
  @Requires('automation.read')
  @ApiOperation({
    summary: 'How the greeting of new customers does, over a period',
    description:
      'Every number is counted from stored rows, all in one snapshot: see docs/automation-numbers.md.',
  })
  @ApiData(MetricsDto)
  @ApiFailures(BAD_REQUEST)
  async getMetrics(@CurrentCaller() caller: UserCaller, @Query() query: MetricsQueryDto) {
    return ok(await this.metrics.readMetrics(caller, query));
  }

  @Get('dashboard')
  @Requires('automation.read')
  @ApiOperation({
    summary: 'All that a page about the automation shows, in one answer',
    description: 'The metrics of the last days, the queue, the replicas and the database as they are now.',
  })
  @ApiData(DashboardDto)
  @ApiFailures(BAD_REQUEST)
  async getDashboard(@CurrentCaller() caller: UserCaller, @Query() query: DashboardQueryDto) {
    return ok(await this.metrics.readDashboard(caller, query));
  }

  @Get('settings')
  @Requires('automation.read')
  @ApiOperation({
    summary: 'Everything that is set for the automation, and where each is changed',
    description: 'Read-only: each part is changed at the route it names.',
  })
  @ApiData(OverviewDto)
  async getSettings(@CurrentCaller() caller: UserCaller) {
    return ok(await this.overview.read(caller));
  }
}
