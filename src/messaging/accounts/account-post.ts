import { Injectable } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { DataSource } from 'typeorm';
import type { User } from '../../access/user.entity.js';
import { Config } from '../../platform/config.js';
import { newId } from '../../platform/new-id.js';
import { Channels } from '../channels/channels.js';
import type { NotificationChannel } from '../channels/notification-channel.entity.js';
import { DeliveryPreparation } from '../notices/delivery-preparation.js';
import { Recipients } from '../notices/recipients.js';
import type { AccountNotice } from './account-channels.js';

/** A message to one person about their account. */
export type Letter = {
  readonly kind: AccountNotice;
  readonly user: User;
  readonly variables: Readonly<Record<string, string>>;
  readonly link: string | null;
  readonly channel: NotificationChannel;
};

/** Hands a message about an account to the mail server. Keeps nothing of it: it holds a token. */
@Injectable()
export class AccountPostService {
  constructor(
    @InjectDataSource() private readonly dataSource: DataSource,
    private readonly recipients: Recipients,
    private readonly preparation: DeliveryPreparation,
    private readonly channels: Channels,
    private readonly config: Config,
  ) {}

  /** @throws {DeliveryFailure} It was not taken. */
  async send({ kind, user, variables, link, channel }: Letter, signal: AbortSignal): Promise<void> {
    // Another one for each attempt: a message that came before holds a token that works no more.
    const deliveryId = newId();
    const key = `account:${deliveryId}`;
    const notice = { kind, key, variables, link, isUrgent: true, createdAt: new Date() };
    const recipient = await this.recipients.ofUser(this.dataSource.manager, user);
    const prepared = await this.preparation.outgoingOf({ notice, deliveryId, channel, recipient });
    const limit = AbortSignal.timeout(this.config.env.NOTIFICATION_TIMEOUT_MS);
    await this.channels.deliver('email', { ...prepared, signal: AbortSignal.any([signal, limit]) });
  }
}
