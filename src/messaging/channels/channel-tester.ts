import { Injectable } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { DataSource } from 'typeorm';
import { AuditTrail } from '../../access/audit/audit-trail.js';
import type { UserCaller } from '../../access/caller.js';
import { newId } from '../../platform/new-id.js';
import { Config } from '../../platform/config.js';
import { DeliveryFailure, type Receipt } from './channel.js';
import { Channels } from './channels.js';
import { ChannelsService } from './channels.service.js';
import { DeliveryPreparation } from '../notices/delivery-preparation.js';
import type { NotificationChannel } from './notification-channel.entity.js';
import { Recipients } from '../notices/recipients.js';

export type ChannelTest = {
  readonly receipt: Receipt | null;
  readonly failure: DeliveryFailure | null;
  readonly durationMs: number;
};

/** Sends one message over a channel at once, to see whether it works: to the caller, or to the team. */
@Injectable()
export class ChannelTester {
  constructor(
    @InjectDataSource() private readonly dataSource: DataSource,
    private readonly channelsService: ChannelsService,
    private readonly channels: Channels,
    private readonly preparation: DeliveryPreparation,
    private readonly recipients: Recipients,
    private readonly audit: AuditTrail,
    private readonly config: Config,
  ) {}

  /** A failure of the other side is an answer, too. It is sent though the channel is off, and leaves no delivery. */
  async test(caller: UserCaller, id: string, signal: AbortSignal): Promise<ChannelTest> {
    const channel = await this.channelsService.get(caller, id);
    const target = { kind: 'notification_channel', id, name: channel.name };
    await this.audit.recordAct(caller, { action: 'notification_channel.test', target });
    const startedMs = performance.now();
    const done = (receipt: Receipt | null, failure: DeliveryFailure | null): ChannelTest => ({
      receipt,
      failure,
      durationMs: Math.round(performance.now() - startedMs),
    });
    try {
      return done(await this.send(caller, channel, signal), null);
    } catch (error) {
      if (error instanceof DeliveryFailure) return done(null, error);
      throw error;
    }
  }

  private async send(
    caller: UserCaller,
    channel: NotificationChannel,
    signal: AbortSignal,
  ): Promise<Receipt> {
    const { tenantId, userId } = caller;
    const [self] = await this.recipients.find(this.dataSource.manager, tenantId, [userId]);
    const deliveryId = newId();
    const prepared = await this.preparation.outgoingOf({
      notice: {
        kind: 'test',
        key: `test:${deliveryId}`,
        variables: { channel_name: channel.name },
        link: null,
        isUrgent: false,
        createdAt: new Date(),
      },
      deliveryId,
      channel,
      recipient: channel.audience === 'each' ? self : null,
    });
    const limit = AbortSignal.timeout(this.config.env.NOTIFICATION_TIMEOUT_MS);
    return this.channels.deliver(channel.kind, { ...prepared, signal: AbortSignal.any([signal, limit]) });
  }
}
