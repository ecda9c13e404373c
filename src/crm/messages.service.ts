import { Injectable } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { DataSource } from 'typeorm';
import type { UserCaller } from '../access/caller.js';
import type { Page } from '../platform/rest/envelope.js';
import { ConflictError, ForbiddenError } from '../platform/errors.js';
import { decodeTimeCursor, toPage } from '../platform/rest/paging.js';
import type { PageQueryDto } from '../platform/rest/rest.dto.js';
import { Conversation } from './conversation.entity.js';
import { ConversationWriter } from './conversation-writer.js';
import type { MessageDto } from './conversations.dto.js';
import { Message, type MessageSender } from './message.entity.js';
import { mayLookAfter, OwnConversationsService } from './own-conversations.service.js';

/** What people write to each other. Asks no agent: whoever answers is a person. */
@Injectable()
export class MessagesService {
  constructor(
    private readonly conversations: OwnConversationsService,
    private readonly writer: ConversationWriter,
    @InjectDataSource() private readonly dataSource: DataSource,
  ) {}

  /**
   * Newest first.
   *
   * @throws {NotFoundError} The caller does not see the conversation.
   */
  async list(caller: UserCaller, conversationId: string, query: PageQueryDto): Promise<Page<MessageDto>> {
    await this.conversations.requireSeen(caller, conversationId);
    const found = this.dataSource
      .getRepository(Message)
      .createQueryBuilder('m')
      .where({ tenantId: caller.tenantId, conversationId })
      .orderBy('m.createdAt', 'DESC')
      .addOrderBy('m.id', 'DESC')
      .limit(query.limit + 1);
    if (query.cursor) found.andWhere('(m.createdAt, m.id) < (:at, :id)', decodeTimeCursor(query.cursor));
    const page = toPage(await found.getMany(), query.limit, ({ createdAt, id }) => [
      createdAt.toISOString(),
      id,
    ]);
    return { ...page, items: page.items.map(toDto) };
  }

  /**
   * Writes as whoever the caller is in the conversation, and tells the other side.
   *
   * @throws {NotFoundError} The caller does not see the conversation.
   * @throws {ForbiddenError} They see it and are neither its customer nor its consultant.
   * @throws {ConflictError} It is closed.
   */
  async send(caller: UserCaller, conversationId: string, content: string): Promise<MessageDto> {
    return this.dataSource.transaction(async (manager) => {
      const locked = manager.getRepository(Conversation);
      const conversation = await this.conversations.getLocked(caller, conversationId, locked);
      const senderKind = senderKindOf(caller, conversation);
      if (conversation.closedAt) throw new ConflictError('This conversation is closed');
      const text = { senderKind, senderId: caller.userId, content };
      return toDto(await this.writer.write(manager, conversation, text));
    });
  }
}

function senderKindOf(caller: UserCaller, { userId, consultantId }: Conversation): MessageSender {
  if (userId === caller.userId) return 'customer';
  if (consultantId === caller.userId && mayLookAfter(caller)) return 'consultant';
  throw new ForbiddenError('Only the customer and their consultant write in this conversation');
}

function toDto({ id, conversationId, senderKind, senderId, content, createdAt }: Message): MessageDto {
  return {
    id,
    conversation_id: conversationId,
    sender_kind: senderKind,
    sender_id: senderId,
    content,
    created_at: createdAt.toISOString(),
  };
}
