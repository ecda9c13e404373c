import { Controller, Get, HttpCode, HttpStatus, Post } from '@nestjs/common';
import { ApiBearerAuth, ApiOperation, ApiTags } from '@nestjs/swagger';
import { CurrentCaller, Requires } from '../../access/access.js';
import type { UserCaller } from '../../access/caller.js';
import { ok } from '../../platform/rest/envelope.js';
import { ApiData, ApiFailures } from '../../platform/rest/rest.dto.js';
import { ClockDto } from './clock.dto.js';
import { ClockService } from './clock.service.js';

@ApiTags('server')
@ApiBearerAuth()
@ApiFailures(HttpStatus.UNAUTHORIZED, HttpStatus.FORBIDDEN)
@Controller('api/v1/admin/clock')
export class ClockController {
  constructor(private readonly clock: ClockService) {}

  @Get()
  @Requires('tenants.manage')
  @ApiOperation({ summary: 'What time the database shows, and what is trusted of it' })
  @ApiData(ClockDto)
  async get() {
    return ok(await this.clock.get());
  }

  @Post('accept')
  @HttpCode(HttpStatus.OK)
  @Requires('tenants.manage')
  @ApiOperation({
    summary: 'Say that the clock of the database is right after it leapt ahead',
    description: 'What has expired by it is removed for good within minutes.',
  })
  @ApiData(ClockDto)
  async accept(@CurrentCaller() caller: UserCaller) {
    return ok(await this.clock.accept(caller), 'Clock accepted');
  }
}
