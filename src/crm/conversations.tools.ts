import { Injectable } from '@nestjs/common';
import { z } from 'zod';
import { McpTool, type ToolContext } from '../tools/mcp-tool.decorator.js';
import { ConversationsService, type MessageWindow } from './conversations.service.js';
import type { Message } from './message.entity.js';
import { FIND_USER, limitField, optionalUuid, wrongField } from './tool-arguments.js';
import { cutText } from '../platform/cut-text.js';

/** Longest text of one message in an answer, in characters; 100 such messages stay below the result limit. */
const CONTENT_MAX = 3000;

const input = z.object({
  conversation_id: z
    .string()
    .optional()
    .describe('Reads this conversation: a UUID. Give exactly one of the three ids.'),
  user_id: z
    .string()
    .optional()
    .describe(
      "Reads this customer's messages over all conversations: a UUID. Give exactly one of the three ids.",
    ),
  message_id: z
    .string()
    .optional()
    .describe(
      'Reads this message and what was said before and after it: a UUID. Give exactly one of the three ids.',
    ),
  limit: limitField('messages', 20, 100),
  before: z
    .string()
    .optional()
    .describe('Only messages older than this message: a UUID, e.g. oldest_message_id of the page before.'),
  after: z
    .string()
    .optional()
    .describe('Only messages newer than this message: a UUID, e.g. newest_message_id of the page before.'),
});

type Arguments = z.output<typeof input>;

/** The tool that reads conversations. */
@Injectable()
export class ConversationsTools {
  constructor(private readonly conversations: ConversationsService) {}

  @McpTool({
    name: 'get_conversation_messages',
    aliases: ['get_conversation_data'],
    title: 'Conversation messages',
    description:
      'Messages exchanged with a customer, oldest first: the newest of a customer (user_id), of one conversation ' +
      '(conversation_id), or those around one message (message_id). For older ones call again with before, for newer ' +
      'ones with after.',
    category: 'conversation',
    version: '1.0.0',
    input,
    scope: 'own',
    annotations: { readOnlyHint: true, openWorldHint: false },
  })
  async getConversationMessages(args: Arguments, ctx: ToolContext) {
    const { messages, hasOlder, hasNewer } = await this.read(args, ctx);
    return {
      messages: messages.map(messageOut),
      has_older: hasOlder,
      has_newer: hasNewer,
      oldest_message_id: messages.at(0)?.id ?? null,
      newest_message_id: messages.at(-1)?.id ?? null,
    };
  }

  private read(args: Arguments, { caller }: ToolContext): Promise<MessageWindow> {
    const conversationId = optionalUuid(
      'conversation_id',
      args.conversation_id,
      'Each message names its conversation',
    );
    const userId = optionalUuid('user_id', args.user_id, FIND_USER);
    const messageId = optionalUuid(
      'message_id',
      args.message_id,
      'Call with user_id to see the newest messages',
    );
    const before = optionalUuid('before', args.before, 'Take oldest_message_id of the page before');
    const after = optionalUuid('after', args.after, 'Take newest_message_id of the page before');
    if ([conversationId, userId, messageId].filter((id) => id !== undefined).length !== 1) {
      throw wrongField('user_id', 'Give exactly one of conversation_id, user_id, message_id');
    }
    if (before !== undefined && after !== undefined)
      throw wrongField('before', 'Give before or after, not both');
    const edge = { before, after, limit: args.limit };
    if (conversationId !== undefined)
      return this.conversations.readConversation(caller, conversationId, edge);
    if (userId !== undefined) return this.conversations.readUser(caller, userId, edge);
    if (before !== undefined || after !== undefined) {
      throw wrongField(
        'before',
        'before and after go with conversation_id or user_id; message_id already reads around',
      );
    }
    return this.conversations.readAround(caller, messageId as string, args.limit);
  }
}

function messageOut({ id, conversationId, userId, senderKind, senderId, content, createdAt }: Message) {
  return {
    message_id: id,
    conversation_id: conversationId,
    user_id: userId,
    sender_kind: senderKind,
    sender_id: senderId,
    content: cutText(content, CONTENT_MAX),
    ...(content.length > CONTENT_MAX && { content_truncated: true }),
    created_at: createdAt.toISOString(),
  };
}
