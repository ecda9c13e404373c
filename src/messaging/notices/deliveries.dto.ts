import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { IsIn, IsUUID } from 'class-validator';
import { MayBeAbsent, PageQueryDto, Time } from '../../platform/rest/rest.dto.js';
import {
  CHANNEL_KINDS,
  type ChannelKind,
  DELIVERY_STATES,
  type DeliveryState,
  NOTICE_KINDS,
  type NoticeKind,
} from './notice.js';

export class DeliveryQueryDto extends PageQueryDto {
  @ApiPropertyOptional({ enum: DELIVERY_STATES, description: 'Only in this state' })
  @MayBeAbsent()
  @IsIn(DELIVERY_STATES)
  state?: DeliveryState;

  @ApiPropertyOptional({
    enum: NOTICE_KINDS,
    description: 'Only of this kind of notice',
    example: 'admin_alert',
  })
  @MayBeAbsent()
  @IsIn(NOTICE_KINDS)
  kind?: NoticeKind;

  @ApiPropertyOptional({ enum: CHANNEL_KINDS, description: 'Only over this kind of channel' })
  @MayBeAbsent()
  @IsIn(CHANNEL_KINDS)
  channel_kind?: ChannelKind;

  @ApiPropertyOptional({ format: 'uuid', description: 'Only over this channel' })
  @MayBeAbsent()
  @IsUUID()
  channel_id?: string;

  @ApiPropertyOptional({ format: 'uuid', description: 'Only to this person' })
  @MayBeAbsent()
  @IsUUID()
  recipient_id?: string;

  @ApiPropertyOptional({ format: 'date-time', description: 'Only made since then' })
  @MayBeAbsent()
  @Time()
  since?: Date;
}

export class DeliveryDto {
  @ApiProperty({ format: 'uuid', description: 'Receivers get it with every attempt' })
  id: string;

  @ApiProperty({ description: 'Of the notice: the same key, recipient and channel is delivered once' })
  notice_key: string;

  @ApiProperty({ enum: NOTICE_KINDS })
  kind: string;

  @ApiProperty({ type: String, format: 'uuid', nullable: true, description: 'null: the team' })
  recipient_id: string | null;

  @ApiProperty({
    type: String,
    format: 'uuid',
    nullable: true,
    description: 'null: nothing reaches the recipient',
  })
  channel_id: string | null;

  @ApiProperty({ type: String, nullable: true, enum: CHANNEL_KINDS })
  channel_kind: string | null;

  @ApiProperty({ enum: DELIVERY_STATES })
  state: string;

  @ApiProperty({
    type: String,
    nullable: true,
    example: 'turned_off',
    description:
      'Why it is suppressed: `no_channel`, `no_address`, `turned_off`, `recipient_gone`, `channel_off`, `channel_gone`, `no_longer_needed`',
  })
  reason: string | null;

  @ApiProperty({ description: 'Times that sending began' })
  attempts: number;

  @ApiProperty({ type: String, nullable: true, example: 'The receiver answered 503' })
  last_error: string | null;

  @ApiProperty({
    type: Number,
    nullable: true,
    description: 'HTTP status or SMTP reply code of the last attempt',
  })
  provider_status: number | null;

  @ApiProperty({ type: String, format: 'date-time', nullable: true, description: 'End of quiet hours' })
  not_before: string | null;

  @ApiProperty({ format: 'date-time' })
  created_at: string;

  @ApiProperty({ type: String, format: 'date-time', nullable: true })
  sent_at: string | null;
}
