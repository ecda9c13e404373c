import { Injectable } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { DataSource } from 'typeorm';
import { Tenant } from '../../access/tenant.entity.js';
import { SecretBox } from '../../platform/secrets/secret-box.js';
import { ChannelChoice } from '../channels/channel-choice.entity.js';
import { type Addressee, DeliveryFailure, type Outgoing } from '../channels/channel.js';
import { type ChannelSecrets, openSecrets, OWN_TOKEN } from '../channels/channel-secrets.js';
import type { ChannelSettings } from '../channels/channel-settings.js';
import { Clock } from './clock.js';
import { reaches } from './delivery-plan.js';
import type { ChannelKind } from './notice.js';
import { NoticeRow } from './notice.entity.js';
import { NotificationChannel } from '../channels/notification-channel.entity.js';
import type { NotificationDelivery } from './notification-delivery.entity.js';
import { quietUntil } from './quiet-hours.js';
import { type Recipient, Recipients } from './recipients.js';
import { fill } from '../templates/template-text.js';
import { TemplatesService } from '../templates/templates.service.js';

const WAIT_MIN_MS = 60_000;

/** Why nobody is told after all. */
export type Suppression = 'channel_off' | 'channel_gone' | 'recipient_gone' | 'turned_off' | 'no_address';

export type Prepared =
  | { readonly kind: 'suppress'; readonly reason: Suppression }
  /** The recipient's quiet hours have begun. */
  | { readonly kind: 'wait'; readonly until: Date }
  | { readonly kind: 'send'; readonly channel: ChannelKind; readonly outgoing: Omit<Outgoing, 'signal'> };

export type ToPrepare = {
  readonly notice: Outgoing['notice'];
  readonly deliveryId: string;
  readonly channel: NotificationChannel;
  readonly recipient: Recipient | null;
};

/** Makes of a delivery's row what its channel needs, as things are now and not as they were when it was made. */
@Injectable()
export class DeliveryPreparation {
  constructor(
    @InjectDataSource() private readonly dataSource: DataSource,
    private readonly recipients: Recipients,
    private readonly templates: TemplatesService,
    private readonly box: SecretBox,
    private readonly clock: Clock,
  ) {}

  async prepare(delivery: NotificationDelivery): Promise<Prepared> {
    const { tenantId, channelId, recipientId, noticeId } = delivery;
    const notice = await this.dataSource.getRepository(NoticeRow).findOneByOrFail({ id: noticeId });
    const channel =
      channelId &&
      (await this.dataSource.getRepository(NotificationChannel).findOneBy({ id: channelId, tenantId }));
    if (!channel) return { kind: 'suppress', reason: 'channel_gone' };
    if (!channel.enabled) return { kind: 'suppress', reason: 'channel_off' };
    if (recipientId === null) {
      const input = { notice, deliveryId: delivery.id, channel, recipient: null };
      return { kind: 'send', channel: channel.kind, outgoing: await this.outgoingOf(input) };
    }
    const [recipient] = await this.recipients.find(this.dataSource.manager, tenantId, [recipientId]);
    if (!recipient) return { kind: 'suppress', reason: 'recipient_gone' };
    if (recipient.offChannels.has(channel.id)) return { kind: 'suppress', reason: 'turned_off' };
    if (!reaches(channel, recipient)) return { kind: 'suppress', reason: 'no_address' };
    const until = notice.isUrgent ? null : this.quietUntil(recipient);
    if (until !== null) return { kind: 'wait', until };
    const outgoing = await this.outgoingOf({ notice, deliveryId: delivery.id, channel, recipient });
    return { kind: 'send', channel: channel.kind, outgoing };
  }

  /** @throws {DeliveryFailure} The channel's secrets do not open. */
  async outgoingOf({ notice, deliveryId, channel, recipient }: ToPrepare): Promise<Omit<Outgoing, 'signal'>> {
    const { tenantId } = channel;
    const language = recipient?.preference?.language ?? channel.language;
    const template = await this.templates.get(tenantId, { kind: notice.kind, language });
    const tenant = await this.dataSource.getRepository(Tenant).findOneByOrFail({ id: tenantId });
    const values = {
      ...notice.variables,
      recipient_name: recipient?.user.displayName ?? '',
      tenant_name: tenant.name,
      link: notice.link ?? '',
    };
    return {
      deliveryId,
      tenantId,
      settings: channel.settings as ChannelSettings[ChannelKind],
      secrets: this.secretsOf(channel),
      recipient: recipient && addresseeOf(recipient),
      ownToken: recipient && (await this.ownTokenOf(channel, recipient)),
      notice,
      text: { ...fill(template.text, values), language },
    };
  }

  /** Not sooner than in a minute: the database's clock, which jobs go by, may be ahead of ours. */
  private quietUntil({ preference }: Recipient): Date | null {
    const now = this.clock.now();
    const until = preference && quietUntil(preference, now);
    return until && new Date(Math.max(until.getTime(), now.getTime() + WAIT_MIN_MS));
  }

  private secretsOf(channel: NotificationChannel): ChannelSecrets {
    try {
      const { previousSigning, ...secrets } = openSecrets(this.box, channel);
      const isUsed = channel.previousSecretUntil !== null && channel.previousSecretUntil > this.clock.now();
      return isUsed ? { ...secrets, previousSigning } : secrets;
    } catch (cause) {
      throw new DeliveryFailure("The channel's stored secrets do not open; give them anew", {
        isTemporary: false,
        cause,
      });
    }
  }

  private async ownTokenOf(channel: NotificationChannel, { id: userId }: Recipient): Promise<string | null> {
    if (channel.kind !== 'form') return null;
    const choice = await this.dataSource
      .getRepository(ChannelChoice)
      .findOneBy({ tenantId: channel.tenantId, userId, channelId: channel.id });
    return choice?.ciphertext
      ? this.box.open(choice.ciphertext, OWN_TOKEN.contextOf(choice.tenantId, choice.id))
      : null;
  }
}

function addresseeOf({ user }: Recipient): Addressee {
  return { id: user.id, name: user.displayName, email: user.email };
}
