import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { Repository } from 'typeorm';
import type { Caller } from '../access/caller.js';
import { NotFoundError } from '../platform/errors.js';
import { Conversation } from './conversation.entity.js';
import { DirectoryService } from './directory.service.js';
import { Message } from './message.entity.js';
import { wrongField } from './tool-arguments.js';

/** Messages oldest first, and whether there are more on either side. */
export type MessageWindow = {
  readonly messages: readonly Message[];
  readonly hasOlder: boolean;
  readonly hasNewer: boolean;
};

/** Where to read: at the newest end, or on one side of a message. */
export type WindowEdge = { readonly before?: string; readonly after?: string; readonly limit: number };

type Thread = { readonly conversationId: string } | { readonly userId: string };
type Slice = { readonly messages: Message[]; readonly more: boolean };

/** Reads conversations with customers. */
@Injectable()
export class ConversationsService {
  constructor(
    private readonly directory: DirectoryService,
    @InjectRepository(Conversation) private readonly conversations: Repository<Conversation>,
    @InjectRepository(Message) private readonly messages: Repository<Message>,
  ) {}

  /** A page of one conversation. */
  async readConversation(caller: Caller, conversationId: string, edge: WindowEdge): Promise<MessageWindow> {
    if (!(await this.conversations.existsBy({ tenantId: caller.tenantId, id: conversationId }))) {
      throw new NotFoundError(`No conversation '${conversationId}'`, {
        hint: {
          tool: 'get_conversation_messages',
          how: 'with user_id: each message names its conversation',
        },
      });
    }
    return this.readPage(caller, { conversationId }, edge);
  }

  /** A page of all messages with one customer, over every conversation. */
  async readUser(caller: Caller, userId: string, edge: WindowEdge): Promise<MessageWindow> {
    await this.directory.getCustomer(caller, { id: userId });
    return this.readPage(caller, { userId }, edge);
  }

  /** A message with what was said around it in its conversation: at most `limit` messages, the message among them. */
  async readAround(caller: Caller, messageId: string, limit: number): Promise<MessageWindow> {
    const middle = await this.getMessage(caller, messageId);
    const thread = { conversationId: middle.conversationId };
    const [older, newer] = await Promise.all([
      this.slice(caller, thread, { side: 'before', anchor: middle, limit: limit - 1 }),
      this.slice(caller, thread, { side: 'after', anchor: middle, limit: limit - 1 }),
    ]);
    // Half on either side; what one side lacks goes to the other.
    const half = Math.floor((limit - 1) / 2);
    const newerCount = Math.min(newer.messages.length, Math.max(half, limit - 1 - older.messages.length));
    const olderCount = Math.min(older.messages.length, limit - 1 - newerCount);
    return {
      messages: [
        ...older.messages.slice(0, olderCount).toReversed(),
        middle,
        ...newer.messages.slice(0, newerCount),
      ],
      hasOlder: older.more || older.messages.length > olderCount,
      hasNewer: newer.more || newer.messages.length > newerCount,
    };
  }

  private async readPage(caller: Caller, thread: Thread, edge: WindowEdge): Promise<MessageWindow> {
    const { before, after, limit } = edge;
    if (after !== undefined) {
      const anchor = await this.getAnchor(caller, thread, after);
      const { messages, more } = await this.slice(caller, thread, { side: 'after', anchor, limit });
      return { messages, hasOlder: true, hasNewer: more };
    }
    const anchor = before === undefined ? undefined : await this.getAnchor(caller, thread, before);
    const { messages, more } = await this.slice(caller, thread, { side: 'before', anchor, limit });
    return { messages: messages.toReversed(), hasOlder: more, hasNewer: anchor !== undefined };
  }

  /** Nearest to the anchor first; without an anchor, newest first. */
  private async slice(
    caller: Caller,
    thread: Thread,
    { side, anchor, limit }: { side: 'before' | 'after'; anchor?: Message; limit: number },
  ): Promise<Slice> {
    const direction = side === 'before' ? 'DESC' : 'ASC';
    const query = this.messages
      .createQueryBuilder('message')
      .where({ tenantId: caller.tenantId, ...thread })
      .orderBy('message.createdAt', direction)
      .addOrderBy('message.id', direction)
      .limit(limit + 1);
    if (anchor) {
      query.andWhere(`(message.createdAt, message.id) ${side === 'before' ? '<' : '>'} (:time, :id)`, {
        time: anchor.createdAt,
        id: anchor.id,
      });
    }
    const rows = await query.getMany();
    return { messages: rows.slice(0, limit), more: rows.length > limit };
  }

  private async getAnchor(caller: Caller, thread: Thread, messageId: string): Promise<Message> {
    const anchor = await this.getMessage(caller, messageId);
    const inThread =
      'userId' in thread ? anchor.userId === thread.userId : anchor.conversationId === thread.conversationId;
    if (inThread) return anchor;
    throw wrongField(
      'before',
      `Message '${messageId}' is of another conversation; take before or after from the page before`,
    );
  }

  private async getMessage(caller: Caller, messageId: string): Promise<Message> {
    const message = await this.messages.findOneBy({ tenantId: caller.tenantId, id: messageId });
    if (message) return message;
    throw new NotFoundError(`No message '${messageId}'`, {
      hint: {
        tool: 'get_conversation_messages',
        how: 'with user_id to see the newest messages and their ids',
      },
    });
  }
}
