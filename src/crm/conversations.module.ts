import { Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { User } from '../access/user.entity.js';
import { LiveModule } from '../messaging/live/live.module.js';
import { ConversationsController } from './conversations.controller.js';
import { ConversationWriter } from './conversation-writer.js';
import { crmEntities } from './crm.entities.js';
import { MessagesService } from './messages.service.js';
import { OwnConversationsService } from './own-conversations.service.js';

/** What customers and consultants write to each other, over REST. */
@Module({
  imports: [TypeOrmModule.forFeature([User, ...crmEntities]), LiveModule],
  controllers: [ConversationsController],
  providers: [ConversationWriter, MessagesService, OwnConversationsService],
  exports: [ConversationWriter],
})
export class ConversationsModule {}
