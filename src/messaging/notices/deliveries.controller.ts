import { Controller, Get, HttpCode, HttpStatus, Param, Post, Query } from '@nestjs/common';
import { ApiBearerAuth, ApiOperation, ApiTags } from '@nestjs/swagger';
import { CurrentCaller, Requires } from '../../access/access.js';
import type { UserCaller } from '../../access/caller.js';
import { ok, pageOf } from '../../platform/rest/envelope.js';
import { ApiData, ApiFailures, ApiPage, IdParam } from '../../platform/rest/rest.dto.js';
import { DeliveryDto, DeliveryQueryDto } from './deliveries.dto.js';
import { DeliveriesService } from './deliveries.service.js';
import { toDeliveryDto } from './notification-views.js';

const { BAD_REQUEST, UNAUTHORIZED, FORBIDDEN, NOT_FOUND, CONFLICT, OK } = HttpStatus;

@ApiTags('notifications')
@ApiBearerAuth()
@ApiFailures(UNAUTHORIZED, FORBIDDEN)
@Controller('api/v1/admin/notification-deliveries')
export class DeliveriesController {
  constructor(private readonly deliveries: DeliveriesService) {}

  @Get()
  @Requires('notifications.read')
  @ApiOperation({ summary: 'Who was told what over which channel, newest first' })
  @ApiPage(DeliveryDto)
  @ApiFailures(BAD_REQUEST)
  async list(@CurrentCaller() caller: UserCaller, @Query() query: DeliveryQueryDto) {
    const page = await this.deliveries.list(caller, query);
    return pageOf({ ...page, items: page.items.map(toDeliveryDto) });
  }

  @Get(':id')
  @Requires('notifications.read')
  @ApiOperation({ summary: 'One delivery' })
  @ApiData(DeliveryDto)
  @ApiFailures(NOT_FOUND)
  async get(@CurrentCaller() caller: UserCaller, @Param() { id }: IdParam) {
    return ok(toDeliveryDto(await this.deliveries.get(caller, id)));
  }

  @Post(':id/retry')
  @Requires('notifications.write')
  @HttpCode(OK)
  @ApiOperation({
    summary: 'Try a delivery again',
    description: 'Under the same id. Quiet hours and what people turned off count as ever.',
  })
  @ApiData(DeliveryDto)
  @ApiFailures(NOT_FOUND, CONFLICT)
  async retry(@CurrentCaller() caller: UserCaller, @Param() { id }: IdParam) {
    return ok(toDeliveryDto(await this.deliveries.retry(caller, id)), 'It is being tried again');
  }
}
