import { Injectable } from '@nestjs/common';
import { Config } from '../../platform/config.js';
import { Channel, DeliveryFailure, type Outgoing, type Receipt } from './channel.js';
import { Clock } from '../notices/clock.js';
import { post, requireSuccess } from './outgoing-http.js';
import { signWebhook } from './webhook-signature.js';

/** Posts JSON, signed as Standard Webhooks says; while a secret is being replaced, with both. */
@Injectable()
export class WebhookChannel extends Channel<'webhook'> {
  readonly kind = 'webhook';

  constructor(
    private readonly config: Config,
    private readonly clock: Clock,
  ) {
    super();
  }

  async deliver(outgoing: Outgoing<'webhook'>): Promise<Receipt> {
    const { deliveryId: id, secrets, settings, signal } = outgoing;
    if (secrets.signing === undefined)
      throw new DeliveryFailure('The channel has no signing secret; rotate it', { isTemporary: false });
    const timestamp = Math.floor(this.clock.now().getTime() / 1000);
    const body = JSON.stringify(payloadOf(outgoing));
    const signatures = [secrets.signing, secrets.previousSigning]
      .filter((secret) => secret !== undefined)
      .map((secret) => signWebhook(secret, { id, timestamp, body }));
    const answer = await post({
      url: settings.url,
      headers: {
        'content-type': 'application/json',
        'webhook-id': id,
        'webhook-timestamp': String(timestamp),
        'webhook-signature': signatures.join(' '),
      },
      body: Buffer.from(body),
      signal,
      privateNetworks: this.config.env.NOTIFICATION_PRIVATE_NETWORKS,
    });
    requireSuccess(answer);
    return { status: answer.status, note: null };
  }
}

/** The same for every attempt, so that a repetition is one in every byte. */
function payloadOf({ notice, text, recipient, deliveryId }: Outgoing<'webhook'>): object {
  return {
    type: notice.kind,
    timestamp: notice.createdAt.toISOString(),
    data: {
      delivery_id: deliveryId,
      key: notice.key,
      urgent: notice.isUrgent,
      title: text.title,
      body: text.body,
      language: text.language,
      link: notice.link,
      recipient: recipient && { id: recipient.id, name: recipient.name, email: recipient.email },
      variables: notice.variables,
    },
  };
}
