import { Injectable } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { DataSource } from 'typeorm';
import webPush from 'web-push';
import { Config } from '../../platform/config.js';
import { Channel, DeliveryFailure, type Outgoing, type Receipt } from './channel.js';
import { failureOfConnection, post, type PostAnswer, requireSuccess } from './outgoing-http.js';
import { PushKeys } from './push-keys.js';
import { type OpenSubscription, PushSubscriptions } from './push-subscriptions.service.js';
import { cutText } from '../../platform/cut-text.js';

/** A push message has at most 4096 bytes with its encryption (RFC 8030 section 7.2, RFC 8291 section 4). */
const PAYLOAD_MAX_BYTES = 3800;
const TTL_SECONDS = 86_400;

/** Pushes to each browser that a person let us push to (RFC 8030, 8291, 8292). */
@Injectable()
export class WebPushChannel extends Channel<'web_push'> {
  readonly kind = 'web_push';

  constructor(
    @InjectDataSource() private readonly dataSource: DataSource,
    private readonly keys: PushKeys,
    private readonly subscriptions: PushSubscriptions,
    private readonly config: Config,
  ) {
    super();
  }

  /** It was taken when one browser's service took it: a person has to be told once. */
  async deliver(outgoing: Outgoing<'web_push'>): Promise<Receipt> {
    const { tenantId, recipient } = outgoing;
    const found = recipient ? await this.subscriptions.open(tenantId, recipient.id) : [];
    // All at once: one whose service hangs takes none of the time of the others.
    const answers = await Promise.all(
      found.map((subscription) => this.push(outgoing, subscription).catch(failureOfConnection)),
    );
    const failures = answers.filter((answer) => answer instanceof DeliveryFailure);
    const status = answers.find(
      (answer): answer is PostAnswer => !(answer instanceof DeliveryFailure),
    )?.status;
    if (status !== undefined)
      return {
        status,
        note: failures.length === 0 ? null : `${failures.length} of ${found.length} browsers failed`,
      };
    // Trying again asks all of them: not before the last of them wants to be.
    const passing = failures.filter(({ about }) => about.isTemporary);
    throw passing.toSorted((a, b) => waitOf(b) - waitOf(a))[0] ?? failures.at(-1) ?? noBrowser();
  }

  private async push(outgoing: Outgoing<'web_push'>, subscription: OpenSubscription): Promise<PostAnswer> {
    const { tenantId, deliveryId, settings, notice, signal } = outgoing;
    const { publicKey, privateKey } = await this.keys.get(tenantId);
    const request = webPush.generateRequestDetails(subscription, payloadOf(outgoing), {
      vapidDetails: { subject: `mailto:${settings.contact}`, publicKey, privateKey },
      TTL: TTL_SECONDS,
      urgency: notice.isUrgent ? 'high' : 'normal',
      // A repetition takes the place of the first one while the browser is away.
      topic: deliveryId.replaceAll('-', ''),
      contentEncoding: 'aes128gcm',
    });
    const answer = await post({
      url: subscription.endpoint,
      headers: request.headers,
      body: request.body,
      signal,
      privateNetworks: this.config.env.NOTIFICATION_PRIVATE_NETWORKS,
    });
    if (answer.status === 404 || answer.status === 410) {
      await this.subscriptions.remove(this.dataSource.manager, subscription.id);
      throw noBrowser(answer.status);
    }
    requireSuccess(answer);
    return answer;
  }
}

function waitOf({ about }: DeliveryFailure): number {
  return about.retryAfterMs ?? 0;
}

function noBrowser(status?: number): DeliveryFailure {
  return new DeliveryFailure('The person has no browser left that takes it', { isTemporary: false, status });
}

/** What the page's service worker gets; `tag` lets it show a repetition in place of the first one. */
function payloadOf({ deliveryId, notice, text }: Outgoing<'web_push'>): string {
  const toJson = (body: string) =>
    JSON.stringify({
      id: deliveryId,
      tag: deliveryId,
      kind: notice.kind,
      title: text.title,
      body,
      link: notice.link,
      conversation_id: notice.variables['conversation_id'],
    });
  const spareBytes = PAYLOAD_MAX_BYTES - Buffer.byteLength(toJson(''));
  let body = text.body;
  while (Buffer.byteLength(JSON.stringify(body)) - 2 > spareBytes)
    body = `${cutText(body, Math.floor(body.length * 0.9 - 1))}…`;
  return toJson(body);
}
