import { Body, Controller, Delete, Get, HttpCode, HttpStatus, Param, Post, Put, Query } from '@nestjs/common';
import { ApiBearerAuth, ApiOperation, ApiTags } from '@nestjs/swagger';
import { CurrentCaller, Requires, ShowsSecret } from '../../access/access.js';
import type { UserCaller } from '../../access/caller.js';
import { ClientSignal } from '../../platform/rest/client-signal.js';
import { changed, ok, pageOf } from '../../platform/rest/envelope.js';
import { IfMatch, type ReadVersions } from '../../platform/rest/preconditions.js';
import {
  ApiChange,
  ApiData,
  ApiFailures,
  ApiPage,
  IdParam,
  PageQueryDto,
} from '../../platform/rest/rest.dto.js';
import { ChannelTester } from './channel-tester.js';
import {
  ChannelDto,
  ChannelTestDto,
  CreateChannelDto,
  MadeChannelDto,
  RotateSecretDto,
  UpdateChannelDto,
} from './channels.dto.js';
import { ChannelsService } from './channels.service.js';
import { toChannelDto, toChannelTestDto, toMadeChannelDto } from '../notices/notification-views.js';

const { BAD_REQUEST, UNAUTHORIZED, FORBIDDEN, NOT_FOUND, CONFLICT, CREATED, OK } = HttpStatus;
const OVERLAP_HOURS = 24;

@ApiTags('notifications')
@ApiBearerAuth()
@ApiFailures(UNAUTHORIZED, FORBIDDEN)
@Controller('api/v1/admin/notification-channels')
export class ChannelsController {
  constructor(
    private readonly channels: ChannelsService,
    private readonly tester: ChannelTester,
  ) {}

  @Get()
  @Requires('notifications.read')
  @ApiOperation({ summary: 'The ways that your people are told things, oldest first' })
  @ApiPage(ChannelDto)
  @ApiFailures(BAD_REQUEST)
  async list(@CurrentCaller() caller: UserCaller, @Query() query: PageQueryDto) {
    const page = await this.channels.list(caller, query);
    return pageOf({ ...page, items: page.items.map(toChannelDto) });
  }

  @Post()
  @ShowsSecret()
  @Requires('notifications.write')
  @ApiOperation({
    summary: 'Set up a channel',
    description: 'With the settings of its kind. Of a webhook, the answer has the secret of its signatures.',
  })
  @ApiChange(MadeChannelDto, CREATED)
  @ApiFailures(BAD_REQUEST, CONFLICT)
  async create(@CurrentCaller() caller: UserCaller, @Body() body: CreateChannelDto) {
    return changed(toMadeChannelDto(await this.channels.create(caller, body)), 'Channel set up');
  }

  @Get(':id')
  @Requires('notifications.read')
  @ApiOperation({ summary: 'One channel, without its secrets' })
  @ApiData(ChannelDto)
  @ApiFailures(NOT_FOUND)
  async get(@CurrentCaller() caller: UserCaller, @Param() { id }: IdParam) {
    return ok(toChannelDto(await this.channels.get(caller, id)));
  }

  @Put(':id')
  @Requires('notifications.write')
  @ApiOperation({ summary: 'Change a channel' })
  @ApiChange(ChannelDto)
  @ApiFailures(BAD_REQUEST, NOT_FOUND, CONFLICT)
  async update(
    @CurrentCaller() caller: UserCaller,
    @Param() { id }: IdParam,
    @Body() body: UpdateChannelDto,
    @IfMatch() ifMatch?: ReadVersions,
  ) {
    return changed(toChannelDto(await this.channels.update(caller, id, body, ifMatch)), 'Channel changed');
  }

  @Delete(':id')
  @Requires('notifications.write')
  @ApiOperation({ summary: 'Remove a channel', description: 'What waits for it is not sent.' })
  @ApiChange(null)
  @ApiFailures(NOT_FOUND)
  async delete(
    @CurrentCaller() caller: UserCaller,
    @Param() { id }: IdParam,
    @IfMatch() ifMatch?: ReadVersions,
  ) {
    await this.channels.delete(caller, id, ifMatch);
    return changed(null, 'Channel removed');
  }

  @Post(':id/test')
  @Requires('notifications.write')
  @HttpCode(OK)
  @ApiOperation({
    summary: 'Send a message over a channel, to see whether it works',
    description: 'To you, or to the team. That it was not taken is an answer, too: `ok: false`.',
  })
  @ApiData(ChannelTestDto)
  @ApiFailures(NOT_FOUND)
  async test(
    @CurrentCaller() caller: UserCaller,
    @Param() { id }: IdParam,
    @ClientSignal() signal: AbortSignal,
  ) {
    return ok(toChannelTestDto(await this.tester.test(caller, id, signal)));
  }

  @Post(':id/rotate-secret')
  @ShowsSecret()
  @Requires('notifications.write')
  @HttpCode(OK)
  @ApiOperation({
    summary: "Replace a webhook's signing secret",
    description:
      'For a while, messages are signed with both. The secret is in the answer, and not shown again.',
  })
  @ApiChange(MadeChannelDto)
  @ApiFailures(BAD_REQUEST, NOT_FOUND, CONFLICT)
  async rotate(
    @CurrentCaller() caller: UserCaller,
    @Param() { id }: IdParam,
    @Body() { overlap_hours: hours = OVERLAP_HOURS }: RotateSecretDto,
  ) {
    return changed(toMadeChannelDto(await this.channels.rotateSecret(caller, id, hours)), 'Secret replaced');
  }
}
