import { Controller, Get, HttpStatus } from '@nestjs/common';
import { ApiBearerAuth, ApiOperation, ApiTags } from '@nestjs/swagger';
import { CurrentCaller, Requires } from '../../access/access.js';
import type { UserCaller } from '../../access/caller.js';
import { ok } from '../../platform/rest/envelope.js';
import { ApiData, ApiFailures } from '../../platform/rest/rest.dto.js';
import { ServerStatusDto } from './server-status.dto.js';
import { ServerStatusService } from './server-status.service.js';

@ApiTags('server')
@ApiBearerAuth()
@ApiFailures(HttpStatus.UNAUTHORIZED, HttpStatus.FORBIDDEN)
@Controller('api/v1/admin/server')
export class ServerStatusController {
  constructor(private readonly status: ServerStatusService) {}

  @Get('status')
  @Requires('status.read')
  @ApiOperation({ summary: 'How the replica that answers is doing' })
  @ApiData(ServerStatusDto)
  async get(@CurrentCaller() caller: UserCaller) {
    return ok(await this.status.get(caller));
  }
}
