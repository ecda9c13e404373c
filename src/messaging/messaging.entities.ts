import { Alert } from './alerts/alert.entity.js';
import { ChannelChoice } from './channels/channel-choice.entity.js';
import { NotificationChannel } from './channels/notification-channel.entity.js';
import { PushKey } from './channels/push-key.entity.js';
import { PushSubscription } from './channels/push-subscription.entity.js';
import { LiveCursor } from './live/live-cursor.entity.js';
import { LiveEvent } from './live/live-event.entity.js';
import { LivePresence } from './live/live-presence.entity.js';
import { NoticeRow } from './notices/notice.entity.js';
import { NotificationDelivery } from './notices/notification-delivery.entity.js';
import { NotificationPreference } from './notices/notification-preference.entity.js';
import { NotificationTemplate } from './templates/notification-template.entity.js';

/** Lists the tables that this room owns. */
export const messagingEntities = [
  Alert,
  ChannelChoice,
  NotificationChannel,
  PushKey,
  PushSubscription,
  LiveCursor,
  LiveEvent,
  LivePresence,
  NoticeRow,
  NotificationDelivery,
  NotificationPreference,
  NotificationTemplate,
] as const;
