import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { IsString, IsUUID, Length, Matches } from 'class-validator';
import { MayBeAbsent, PageQueryDto, Trimmed } from '../platform/rest/rest.dto.js';
import { CONVERSATION_CHANNELS, type ConversationChannel } from './conversation.entity.js';
import { MESSAGE_SENDERS, type MessageSender } from './message.entity.js';

/** Of one message, in characters: as long as a welcome may be. */
const CONTENT_MAX = 4000;
/** Lines and tabs belong into a message, other control characters do not. */
const CONTENT = /^[\P{Cc}\n\r\t]*$/u;

export class ConversationQueryDto extends PageQueryDto {
  @ApiPropertyOptional({ format: 'uuid', description: 'Only of this customer' })
  @MayBeAbsent()
  @IsUUID()
  user_id?: string;
}

export class SendMessageDto {
  @ApiProperty({
    minLength: 1,
    maxLength: CONTENT_MAX,
    example: 'Is there a place on Friday afternoon?',
    description: 'Plain text, in lines; whoever shows it escapes it',
  })
  @Trimmed()
  @IsString()
  @Length(1, CONTENT_MAX)
  @Matches(CONTENT, { message: 'must not hold control characters' })
  content: string;
}

export class ConversationDto {
  @ApiProperty({ format: 'uuid' })
  id: string;

  @ApiProperty({ format: 'uuid', description: 'The customer' })
  user_id: string;

  @ApiProperty({ example: 'Emma' })
  user_name: string;

  @ApiProperty({
    type: String,
    format: 'uuid',
    nullable: true,
    description: 'Who looks after the customer; null: nobody yet',
  })
  consultant_id: string | null;

  @ApiProperty({ type: String, nullable: true, example: 'Ann' })
  consultant_name: string | null;

  @ApiProperty({ enum: CONVERSATION_CHANNELS })
  channel: ConversationChannel;

  @ApiProperty({ example: 'Welcome' })
  title: string;

  @ApiProperty({ description: 'Whether an agent may answer in it' })
  ai_enabled: boolean;

  @ApiProperty({
    type: String,
    format: 'date-time',
    nullable: true,
    description: 'null: it is open, and messages can be sent',
  })
  closed_at: string | null;

  @ApiProperty({ format: 'date-time' })
  created_at: string;
}

export class MessageDto {
  @ApiProperty({ format: 'uuid' })
  id: string;

  @ApiProperty({ format: 'uuid' })
  conversation_id: string;

  @ApiProperty({ enum: MESSAGE_SENDERS })
  sender_kind: MessageSender;

  @ApiProperty({
    type: String,
    format: 'uuid',
    nullable: true,
    description: 'The user who wrote it; null: no person did',
  })
  sender_id: string | null;

  @ApiProperty({ example: 'Is there a place on Friday afternoon?' })
  content: string;

  @ApiProperty({ format: 'date-time' })
  created_at: string;
}
