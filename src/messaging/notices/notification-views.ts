import type { ChannelTest } from '../channels/channel-tester.js';
import type { ChannelDto, ChannelTestDto, MadeChannelDto } from '../channels/channels.dto.js';
import type { MadeChannel } from '../channels/channels.service.js';
import type { DeliveryDto } from './deliveries.dto.js';
import type { NotificationChannel } from '../channels/notification-channel.entity.js';
import type { NotificationDelivery } from './notification-delivery.entity.js';
import type { NotificationPreference } from './notification-preference.entity.js';
import type { OwnChannelDto, PreferencesDto, SubscriptionDto } from './own-notifications.dto.js';
import type { OwnChannel } from './own-notifications.service.js';
import type { PushSubscription } from '../channels/push-subscription.entity.js';
import { variablesOf } from '../templates/template-text.js';
import type { TemplateDto } from '../templates/templates.dto.js';
import type { TemplateInForce } from '../templates/templates.service.js';

export function toChannelDto(channel: NotificationChannel): ChannelDto {
  const { kind, settings } = channel;
  const none = { webhook: null, email: null, web_push: null, form: null };
  return {
    id: channel.id,
    name: channel.name,
    kind,
    audience: channel.audience,
    language: channel.language,
    enabled: channel.enabled,
    notice_kinds: channel.noticeKinds,
    ...none,
    [kind]: settings,
    has_secret: channel.ciphertext !== null,
    previous_secret_until: channel.previousSecretUntil?.toISOString() ?? null,
    version: channel.version,
    created_at: channel.createdAt.toISOString(),
    updated_at: channel.updatedAt.toISOString(),
  };
}

export function toMadeChannelDto({ channel, signingSecret }: MadeChannel): MadeChannelDto {
  return Object.assign(toChannelDto(channel), { signing_secret: signingSecret });
}

export function toChannelTestDto({ receipt, failure, durationMs }: ChannelTest): ChannelTestDto {
  return {
    ok: receipt !== null,
    status: receipt?.status ?? failure?.about.status ?? null,
    problem: failure?.message ?? receipt?.note ?? null,
    is_temporary: failure?.about.isTemporary ?? null,
    duration_ms: durationMs,
  };
}

export function toTemplateDto({ kind, language, text, own }: TemplateInForce): TemplateDto {
  return {
    kind,
    language,
    title: text.title,
    body: text.body,
    is_default: own === undefined,
    variables: variablesOf(kind),
    version: own?.version ?? 0,
    updated_at: own?.updatedAt.toISOString() ?? null,
  };
}

export function toDeliveryDto(delivery: NotificationDelivery): DeliveryDto {
  return {
    id: delivery.id,
    notice_key: delivery.noticeKey,
    kind: delivery.kind,
    recipient_id: delivery.recipientId,
    channel_id: delivery.channelId,
    channel_kind: delivery.channelKind,
    state: delivery.state,
    reason: delivery.reason,
    attempts: delivery.attempts,
    last_error: delivery.lastError,
    provider_status: delivery.providerStatus,
    not_before: delivery.notBefore?.toISOString() ?? null,
    created_at: delivery.createdAt.toISOString(),
    sent_at: delivery.sentAt?.toISOString() ?? null,
  };
}

export function toPreferencesDto(preference: NotificationPreference): PreferencesDto {
  const { quietFrom: from, quietTo: to, quietDays: days } = preference;
  return {
    language: preference.language,
    time_zone: preference.timeZone,
    quiet_hours: from === null || to === null ? null : { from, to, days },
    version: preference.version,
  };
}

export function toOwnChannelDto(own: OwnChannel): OwnChannelDto {
  return {
    id: own.channel.id,
    name: own.channel.name,
    kind: own.channel.kind,
    enabled: own.isOn,
    takes_token: own.takesToken,
    has_token: own.hasToken,
    reaches_you: own.reachesYou,
  };
}

export function toSubscriptionDto(subscription: PushSubscription): SubscriptionDto {
  return {
    id: subscription.id,
    host: subscription.host,
    user_agent: subscription.userAgent,
    created_at: subscription.createdAt.toISOString(),
  };
}
