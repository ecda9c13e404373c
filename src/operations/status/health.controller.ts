import { Controller, Get, HttpStatus, Res } from '@nestjs/common';
import { ApiOperation, ApiResponse, ApiTags } from '@nestjs/swagger';
import type { Response } from 'express';
import { Public } from '../../access/access.js';
import { LivenessDto, ReadinessDto } from './health.dto.js';
import { HealthService } from './health.service.js';

@ApiTags('health')
@Controller('health')
export class HealthController {
  constructor(private readonly health: HealthService) {}

  @Get('live')
  @Public()
  @ApiOperation({
    summary: 'Whether the process answers at all',
    description: 'Restart it when this fails; a database that is away is no reason to.',
    security: [],
  })
  @ApiResponse({ status: HttpStatus.OK, type: LivenessDto })
  live(): LivenessDto {
    return { live: true };
  }

  @Get('ready')
  @Public()
  @ApiOperation({
    summary: 'Whether this replica serves calls',
    description: 'Send it no requests while the status is 503; the checks say why.',
    security: [],
  })
  @ApiResponse({ status: HttpStatus.OK, type: ReadinessDto })
  @ApiResponse({ status: HttpStatus.SERVICE_UNAVAILABLE, type: ReadinessDto })
  async ready(@Res({ passthrough: true }) response: Response): Promise<ReadinessDto> {
    const readiness = await this.health.check();
    if (!readiness.ready) response.status(HttpStatus.SERVICE_UNAVAILABLE);
    return readiness;
  }
}
