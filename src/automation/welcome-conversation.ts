import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { Conversation } from '../crm/conversation.entity.js';
import { ConversationWriter } from '../crm/conversation-writer.js';
import { AutomationSettings } from './automation-settings.js';

type Whose = { readonly tenantId: string; readonly userId: string };

/** Opens the conversation that the settings describe, and says the welcome in it. */
@Injectable()
export class WelcomeConversation {
  constructor(
    private readonly settings: AutomationSettings,
    private readonly conversations: ConversationWriter,
  ) {}

  /** One per customer: a second run uses the first one's. @returns Its id. */
  async open(manager: EntityManager, { tenantId, userId }: Whose): Promise<string> {
    const settings = await this.settings.of(tenantId, manager);
    return this.conversations.openDefault(
      manager,
      { tenantId, userId },
      {
        channel: settings.conversationChannel,
        title: settings.conversationTitle,
        aiEnabled: settings.conversationAiEnabled,
      },
    );
  }

  /** @returns The id of the message. */
  async say(
    manager: EntityManager,
    { tenantId, conversationId: id }: { readonly tenantId: string; readonly conversationId: string },
    text: { readonly content: string; readonly agentVersionId: string | null },
  ): Promise<string> {
    const conversation = await manager.findOneByOrFail(Conversation, { tenantId, id });
    const message = { ...text, senderKind: 'ai', senderId: null } as const;
    return (await this.conversations.write(manager, conversation, message)).id;
  }
}
