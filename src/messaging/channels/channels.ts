import { Injectable } from '@nestjs/common';
import { type Channel, DeliveryFailure, type Outgoing, type Receipt } from './channel.js';
import { EmailChannel } from './email.channel.js';
import { FormChannel } from './form.channel.js';
import type { ChannelKind } from '../notices/notice.js';
import { WebPushChannel } from './web-push.channel.js';
import { WebhookChannel } from './webhook.channel.js';

/** Every kind of channel: a new one is a provider and a line here. */
@Injectable()
export class Channels {
  private readonly byKind: { readonly [Kind in ChannelKind]: Channel<Kind> };

  constructor(webhook: WebhookChannel, email: EmailChannel, webPush: WebPushChannel, form: FormChannel) {
    this.byKind = { webhook, email, web_push: webPush, form };
  }

  /** @throws {DeliveryFailure} It was not taken. */
  async deliver(kind: ChannelKind, outgoing: Outgoing): Promise<Receipt> {
    // The row's kind says which settings it holds: they were stored by it.
    const channel = this.byKind[kind] as Channel | undefined;
    if (!channel)
      throw new DeliveryFailure('This version knows no such kind of channel', { isTemporary: false });
    return channel.deliver(outgoing);
  }
}
