import { Controller, Get, HttpStatus, Query } from '@nestjs/common';
import { ApiBearerAuth, ApiOperation, ApiTags } from '@nestjs/swagger';
import { CurrentCaller, Requires } from '../../access/access.js';
import type { UserCaller } from '../../access/caller.js';
import { ok } from '../../platform/rest/envelope.js';
import { ApiData, ApiFailures } from '../../platform/rest/rest.dto.js';
import { AutomationMetricsService } from './automation-metrics.service.js';
import { MetricsDto, MetricsQueryDto } from './numbers.dto.js';

const { BAD_REQUEST, UNAUTHORIZED, FORBIDDEN } = HttpStatus;

/** The metrics once more, where panels of earlier installations ask for them. */
@ApiTags('automation')
@ApiBearerAuth()
@ApiFailures(UNAUTHORIZED, FORBIDDEN)
@Controller('api/v1/registration-automation')
export class RegistrationMetricsController {
  constructor(private readonly metrics: AutomationMetricsService) {}

  @Get('metrics')
  @Requires('automation.read')
  @ApiOperation({
    summary: 'The metrics of the automation, at their earlier address',
    description: 'The same as GET /api/v1/admin/registration-automation/metrics.',
  })
  @ApiData(MetricsDto)
  @ApiFailures(BAD_REQUEST)
  async getRegistrationMetrics(@CurrentCaller() caller: UserCaller, @Query() query: MetricsQueryDto) {
    return ok(await this.metrics.readMetrics(caller, query));
  }
}
