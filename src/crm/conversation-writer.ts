import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { LiveEvents } from '../messaging/live/live-events.js';
import { newId } from '../platform/new-id.js';
import { Conversation } from './conversation.entity.js';
import { Message, type MessageSender } from './message.entity.js';

type Whose = { readonly tenantId: string; readonly userId: string };

export type MessageText = {
  readonly senderKind: MessageSender;
  /** Null: no person. */
  readonly senderId: string | null;
  readonly content: string;
  readonly agentVersionId?: string | null;
};

/**
 * Writes into conversations, for whoever has decided that something is to be written: it asks nobody's permission. Nothing else
 * stores a message, so that no message goes untold. Belongs into a transaction of the tenant's.
 */
@Injectable()
export class ConversationWriter {
  constructor(private readonly liveEvents: LiveEvents) {}

  /** Opens the customer's default conversation. There is one: the first call's stays. @returns Its id. */
  async openDefault(
    manager: EntityManager,
    { tenantId, userId }: Whose,
    wanted: Readonly<Pick<Conversation, 'channel' | 'title' | 'aiEnabled'>>,
  ): Promise<string> {
    await manager
      .createQueryBuilder()
      .insert()
      .into(Conversation)
      .values({ id: newId(), tenantId, userId, ...wanted, isDefault: true })
      .orIgnore()
      .execute();
    const { id } = await manager.findOneByOrFail(Conversation, { tenantId, userId, isDefault: true });
    return id;
  }

  /** Stores a message and tells both sides of it: whoever wrote may look at another device. */
  async write(manager: EntityManager, conversation: Conversation, text: MessageText): Promise<Message> {
    const { tenantId, userId, consultantId, id: conversationId } = conversation;
    const message = manager.create(Message, { id: newId(), tenantId, userId, conversationId, ...text });
    await manager.insert(Message, message);
    // Ids, since events are kept for days.
    await this.liveEvents.publish(manager, {
      tenantId,
      kind: 'new_message',
      audience: { userIds: [userId, consultantId].filter((person) => person !== null) },
      payload: { conversation_id: conversationId, message_id: message.id, sender_kind: text.senderKind },
    });
    return message;
  }
}

/** Names who looks after a conversation; null: nobody. */
export async function setConsultant(
  manager: EntityManager,
  { tenantId, conversationId: id }: { readonly tenantId: string; readonly conversationId: string },
  consultantId: string | null,
): Promise<void> {
  await manager.update(Conversation, { tenantId, id }, { consultantId });
}
