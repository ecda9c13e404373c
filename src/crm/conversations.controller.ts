import { Body, Controller, Get, HttpStatus, Param, Post, Query } from '@nestjs/common';
import { ApiBearerAuth, ApiOperation, ApiTags } from '@nestjs/swagger';
import { CurrentCaller, Requires } from '../access/access.js';
import type { UserCaller } from '../access/caller.js';
import { ok, pageOf } from '../platform/rest/envelope.js';
import { ApiData, ApiFailures, ApiPage, IdParam, PageQueryDto } from '../platform/rest/rest.dto.js';
import { ConversationDto, ConversationQueryDto, MessageDto, SendMessageDto } from './conversations.dto.js';
import { MessagesService } from './messages.service.js';
import { OwnConversationsService } from './own-conversations.service.js';

const { BAD_REQUEST, UNAUTHORIZED, FORBIDDEN, NOT_FOUND, CONFLICT, CREATED } = HttpStatus;

@ApiTags('conversations')
@ApiBearerAuth()
@ApiFailures(BAD_REQUEST, UNAUTHORIZED)
@Controller('api/v1/conversations')
export class ConversationsController {
  constructor(
    private readonly conversations: OwnConversationsService,
    private readonly messages: MessagesService,
  ) {}

  @Get()
  @Requires('own.read')
  @ApiOperation({
    summary: 'Your conversations, newest first',
    description:
      "A customer's own, those whose customers a consultant looks after; with `conversations.read` all of the tenant.",
  })
  @ApiPage(ConversationDto)
  async list(@CurrentCaller() caller: UserCaller, @Query() query: ConversationQueryDto) {
    return pageOf(await this.conversations.list(caller, query));
  }

  @Get(':id')
  @Requires('own.read')
  @ApiOperation({ summary: 'One conversation' })
  @ApiData(ConversationDto)
  @ApiFailures(NOT_FOUND)
  async get(@CurrentCaller() caller: UserCaller, @Param() { id }: IdParam) {
    return ok(await this.conversations.get(caller, id));
  }

  @Get(':id/messages')
  @Requires('own.read')
  @ApiOperation({ summary: 'Messages of a conversation, newest first' })
  @ApiPage(MessageDto)
  @ApiFailures(NOT_FOUND)
  async listMessages(
    @CurrentCaller() caller: UserCaller,
    @Param() { id }: IdParam,
    @Query() query: PageQueryDto,
  ) {
    return pageOf(await this.messages.list(caller, id, query));
  }

  @Post(':id/messages')
  @Requires('own.write')
  @ApiOperation({
    summary: 'Write in a conversation',
    description:
      'Its customer writes as `customer`, the consultant as `consultant`, and nobody else. The other side hears of it as the ' +
      'live event `new_message`.',
  })
  @ApiData(MessageDto, CREATED)
  @ApiFailures(FORBIDDEN, NOT_FOUND, CONFLICT)
  async send(
    @CurrentCaller() caller: UserCaller,
    @Param() { id }: IdParam,
    @Body() { content }: SendMessageDto,
  ) {
    return ok(await this.messages.send(caller, id, content), 'Sent');
  }
}
