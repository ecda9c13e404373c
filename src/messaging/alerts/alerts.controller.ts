import { Controller, Get, HttpCode, HttpStatus, Param, Post, Query } from '@nestjs/common';
import { ApiBearerAuth, ApiOperation, ApiTags } from '@nestjs/swagger';
import { CurrentCaller, Requires } from '../../access/access.js';
import type { UserCaller } from '../../access/caller.js';
import { ok, pageOf } from '../../platform/rest/envelope.js';
import { ApiData, ApiFailures, ApiPage, IdParam } from '../../platform/rest/rest.dto.js';
import type { Alert } from './alert.entity.js';
import { AlertDto, AlertQueryDto } from './alerts.dto.js';
import { AlertsService } from './alerts.service.js';

const { BAD_REQUEST, UNAUTHORIZED, FORBIDDEN, NOT_FOUND, OK } = HttpStatus;

@ApiTags('alerts')
@ApiBearerAuth()
@ApiFailures(UNAUTHORIZED, FORBIDDEN)
@Controller('api/v1/admin/alerts')
export class AlertsController {
  constructor(private readonly alerts: AlertsService) {}

  @Get()
  @Requires('alerts.read')
  @ApiOperation({
    summary: 'What administrators should see, newest first',
    description: 'Signs that a key is in the wrong hands, work that failed for good, and the like.',
  })
  @ApiPage(AlertDto)
  @ApiFailures(BAD_REQUEST)
  async list(@CurrentCaller() caller: UserCaller, @Query() query: AlertQueryDto) {
    const page = await this.alerts.list(caller, query);
    return pageOf({ ...page, items: page.items.map(toDto) });
  }

  @Post(':id/acknowledge')
  @Requires('alerts.write')
  @HttpCode(OK)
  @ApiOperation({ summary: 'Say that somebody takes care of it' })
  @ApiData(AlertDto)
  @ApiFailures(NOT_FOUND)
  async acknowledge(@CurrentCaller() caller: UserCaller, @Param() { id }: IdParam) {
    return ok(toDto(await this.alerts.acknowledge(caller, id)), 'Acknowledged');
  }
}

function toDto(alert: Alert): AlertDto {
  const { targetKind, targetId } = alert;
  return {
    id: alert.id,
    kind: alert.kind,
    title: alert.title,
    detail: alert.detail,
    target: targetKind === null || targetId === null ? null : { kind: targetKind, id: targetId },
    key_id: alert.keyId,
    group_id: alert.groupId,
    ip: alert.ip,
    user_agent: alert.userAgent,
    uses: alert.uses,
    first_seen_at: alert.firstSeenAt.toISOString(),
    last_seen_at: alert.lastSeenAt.toISOString(),
    acknowledged_at: alert.acknowledgedAt?.toISOString() ?? null,
  };
}
