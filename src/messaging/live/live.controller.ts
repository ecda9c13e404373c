import { Controller, Get, HttpStatus, Query } from '@nestjs/common';
import { ApiBearerAuth, ApiOperation, ApiTags } from '@nestjs/swagger';
import { CurrentCaller, Requires } from '../../access/access.js';
import type { UserCaller } from '../../access/caller.js';
import { OwnCursor } from '../../platform/rest/cursor.interceptor.js';
import { ok } from '../../platform/rest/envelope.js';
import { ApiData, ApiFailures } from '../../platform/rest/rest.dto.js';
import { LiveEventsDto, LiveEventsQueryDto } from './live.dto.js';
import { type FeedPage, LiveFeed } from './live-feed.js';

const { BAD_REQUEST, UNAUTHORIZED, FORBIDDEN } = HttpStatus;

@ApiTags('live')
@ApiBearerAuth()
@ApiFailures(UNAUTHORIZED, FORBIDDEN)
@Controller('api/v1/live')
export class LiveController {
  constructor(private readonly feed: LiveFeed) {}

  @Get('events')
  @Requires('own.read')
  @OwnCursor(true)
  @ApiOperation({
    summary: 'Events for you since a cursor',
    description:
      'The same that `/ws` sends, with the same cursors: for what was missed, and for who cannot open a WebSocket.',
  })
  @ApiData(LiveEventsDto)
  @ApiFailures(BAD_REQUEST)
  async list(@CurrentCaller() caller: UserCaller, @Query() { cursor, limit }: LiveEventsQueryDto) {
    const after = cursor ?? (await this.feed.head(caller.tenantId));
    return ok(toDto(await this.feed.readFor(caller, after, limit)));
  }
}

function toDto({ events, cursor, hasMore, isComplete }: FeedPage): LiveEventsDto {
  return { events: [...events], cursor, has_more: hasMore, complete: isComplete };
}
