import { Body, Controller, Delete, Get, HttpStatus, Param, Post, Put } from '@nestjs/common';
import { ApiBearerAuth, ApiOperation, ApiTags } from '@nestjs/swagger';
import { CurrentCaller, Requires } from '../../access/access.js';
import type { UserCaller } from '../../access/caller.js';
import { ok } from '../../platform/rest/envelope.js';
import { IfMatch, type ReadVersions } from '../../platform/rest/preconditions.js';
import { currentScope } from '../../platform/request-scope.js';
import { ApiData, ApiDataList, ApiFailures, IdParam } from '../../platform/rest/rest.dto.js';
import { toOwnChannelDto, toPreferencesDto, toSubscriptionDto } from './notification-views.js';
import {
  OwnChannelDto,
  PreferencesDto,
  PushKeyDto,
  SubscribeDto,
  SubscriptionDto,
  UpdateOwnChannelDto,
  UpdatePreferencesDto,
} from './own-notifications.dto.js';
import { OwnNotificationsService } from './own-notifications.service.js';
import { PushKeys } from '../channels/push-keys.js';
import { PushSubscriptions } from '../channels/push-subscriptions.service.js';

const { BAD_REQUEST, UNAUTHORIZED, NOT_FOUND, CONFLICT, CREATED } = HttpStatus;

/** What belongs to the person who is signed in. */
@ApiTags('own notifications')
@ApiBearerAuth()
@ApiFailures(UNAUTHORIZED)
@Controller('api/v1/notifications')
export class OwnNotificationsController {
  constructor(
    private readonly own: OwnNotificationsService,
    private readonly subscriptions: PushSubscriptions,
    private readonly keys: PushKeys,
  ) {}

  @Get('preferences')
  @Requires('own.read')
  @ApiOperation({ summary: 'Your language, time zone and quiet hours' })
  @ApiData(PreferencesDto)
  async getPreferences(@CurrentCaller() caller: UserCaller) {
    return ok(toPreferencesDto(await this.own.getPreference(caller)));
  }

  @Put('preferences')
  @Requires('own.write')
  @ApiOperation({
    summary: 'Change your language, time zone and quiet hours',
    description: 'What is urgent comes during quiet hours, too; the rest when they end.',
  })
  @ApiData(PreferencesDto)
  @ApiFailures(BAD_REQUEST)
  async putPreferences(
    @CurrentCaller() caller: UserCaller,
    @Body() body: UpdatePreferencesDto,
    @IfMatch() ifMatch?: ReadVersions,
  ) {
    return ok(toPreferencesDto(await this.own.putPreference(caller, body, ifMatch)), 'Changed');
  }

  @Get('channels')
  @Requires('own.read')
  @ApiOperation({ summary: 'The channels that can tell you things, oldest first' })
  @ApiDataList(OwnChannelDto)
  async listChannels(@CurrentCaller() caller: UserCaller) {
    return ok((await this.own.listChannels(caller)).map(toOwnChannelDto));
  }

  @Put('channels/:id')
  @Requires('own.write')
  @ApiOperation({ summary: 'Turn a channel on or off for you, or give it your token' })
  @ApiData(OwnChannelDto)
  @ApiFailures(BAD_REQUEST, NOT_FOUND)
  async putChannel(
    @CurrentCaller() caller: UserCaller,
    @Param() { id }: IdParam,
    @Body() body: UpdateOwnChannelDto,
  ) {
    return ok(toOwnChannelDto(await this.own.putChannel(caller, id, body)), 'Changed');
  }

  @Get('push-key')
  @Requires('own.read')
  @ApiOperation({ summary: 'The public key that browsers subscribe with (VAPID)' })
  @ApiData(PushKeyDto)
  async getPushKey(@CurrentCaller() { tenantId }: UserCaller) {
    return ok({ public_key: await this.keys.getPublic(tenantId) });
  }

  @Get('push-subscriptions')
  @Requires('own.read')
  @ApiOperation({ summary: 'Your browsers that we push to, oldest first' })
  @ApiDataList(SubscriptionDto)
  async listSubscriptions(@CurrentCaller() caller: UserCaller) {
    return ok((await this.subscriptions.list(caller)).map(toSubscriptionDto));
  }

  @Post('push-subscriptions')
  @Requires('own.write')
  @ApiOperation({
    summary: 'Let us push to this browser',
    description: 'What `pushManager.subscribe` gave. One that is known already becomes yours.',
  })
  @ApiData(SubscriptionDto, CREATED)
  @ApiFailures(BAD_REQUEST, CONFLICT)
  async subscribe(@CurrentCaller() caller: UserCaller, @Body() body: SubscribeDto) {
    const userAgent = currentScope()?.userAgent ?? null;
    return ok(toSubscriptionDto(await this.subscriptions.add(caller, body, userAgent)), 'Subscribed');
  }

  @Delete('push-subscriptions/:id')
  @Requires('own.write')
  @ApiOperation({ summary: 'Push to one of your browsers no longer' })
  @ApiData(null)
  @ApiFailures(NOT_FOUND)
  async unsubscribe(@CurrentCaller() caller: UserCaller, @Param() { id }: IdParam) {
    await this.subscriptions.removeOwn(caller, id);
    return ok(null, 'Unsubscribed');
  }
}
