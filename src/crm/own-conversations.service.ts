import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { Repository, type SelectQueryBuilder } from 'typeorm';
import type { UserCaller } from '../access/caller.js';
import { isAllowed } from '../access/permissions.js';
import type { Page } from '../platform/rest/envelope.js';
import { NotFoundError } from '../platform/errors.js';
import { decodeTimeCursor, toPage } from '../platform/rest/paging.js';
import { Conversation } from './conversation.entity.js';
import type { ConversationDto, ConversationQueryDto } from './conversations.dto.js';

/**
 * Conversations as the people in them see them over REST: its customer, and the consultant as long as they may look after
 * customers. Whoever has `conversations.read` sees all of the tenant; to everybody else a conversation is not there.
 */
@Injectable()
export class OwnConversationsService {
  constructor(@InjectRepository(Conversation) private readonly conversations: Repository<Conversation>) {}

  /** Newest first. */
  async list(caller: UserCaller, query: ConversationQueryDto): Promise<Page<ConversationDto>> {
    const found = withNames(this.seenBy(caller))
      .orderBy('c.createdAt', 'DESC')
      .addOrderBy('c.id', 'DESC')
      .limit(query.limit + 1);
    if (query.user_id !== undefined) found.andWhere('c.userId = :user', { user: query.user_id });
    if (query.cursor) found.andWhere('(c.createdAt, c.id) < (:at, :id)', decodeTimeCursor(query.cursor));
    const page = toPage(await found.getMany(), query.limit, (conversation) => [
      conversation.createdAt.toISOString(),
      conversation.id,
    ]);
    return { ...page, items: page.items.map(toDto) };
  }

  /** @throws {NotFoundError} Not there, another tenant's, or one that the caller does not see. */
  async get(caller: UserCaller, id: string): Promise<ConversationDto> {
    return toDto(await getOne(withNames(this.seenBy(caller)), id));
  }

  /** @throws {NotFoundError} As {@link get}. */
  async requireSeen(caller: UserCaller, id: string): Promise<void> {
    await getOne(this.seenBy(caller), id);
  }

  /**
   * For a change: until the transaction ends it stays open, and with the same consultant.
   *
   * @param conversations Of the transaction.
   * @throws {NotFoundError} As {@link get}.
   */
  getLocked(caller: UserCaller, id: string, conversations: Repository<Conversation>): Promise<Conversation> {
    return getOne(this.seenBy(caller, conversations).setLock('pessimistic_read'), id);
  }

  private seenBy(caller: UserCaller, conversations = this.conversations): SelectQueryBuilder<Conversation> {
    const { tenantId, userId: me } = caller;
    const found = conversations.createQueryBuilder('c').where('c.tenantId = :tenantId', { tenantId });
    if (isAllowed(caller, 'conversations.read')) return found;
    const own = mayLookAfter(caller) ? '(c.userId = :me OR c.consultantId = :me)' : 'c.userId = :me';
    return found.andWhere(own, { me });
  }
}

/** A consultant who is none any more keeps no way into the conversations, and a narrow token is none. */
export function mayLookAfter(caller: UserCaller): boolean {
  return isAllowed(caller, 'consultants.claim');
}

async function getOne(found: SelectQueryBuilder<Conversation>, id: string): Promise<Conversation> {
  const conversation = await found.andWhere('c.id = :id', { id }).getOne();
  if (!conversation) throw new NotFoundError(`No conversation ${id}`);
  return conversation;
}

function withNames(found: SelectQueryBuilder<Conversation>): SelectQueryBuilder<Conversation> {
  return found
    .leftJoin('c.user', 'customer')
    .leftJoin('c.consultant', 'consultant')
    .addSelect(['customer.id', 'customer.displayName', 'consultant.id', 'consultant.displayName']);
}

function toDto(conversation: Conversation): ConversationDto {
  return {
    id: conversation.id,
    user_id: conversation.userId,
    user_name: conversation.user!.displayName, // it goes with its customer
    consultant_id: conversation.consultantId,
    consultant_name: conversation.consultant?.displayName ?? null,
    channel: conversation.channel,
    title: conversation.title,
    ai_enabled: conversation.aiEnabled,
    closed_at: conversation.closedAt?.toISOString() ?? null,
    created_at: conversation.createdAt.toISOString(),
  };
}
