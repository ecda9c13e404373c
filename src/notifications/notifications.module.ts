import { Module } from '@nestjs/common';
import { JobsModule } from '../jobs/jobs.module.js';
import { LiveModule } from '../live/live.module.js';
import { AdminAlerts } from './admin-alerts.js';
import { ChannelTester } from './channel-tester.js';
import { ChannelsController } from './channels.controller.js';
import { ChannelsService } from './channels.service.js';
import { Channels } from './channels.js';
import { Clock } from './clock.js';
import { DeliveriesController } from './deliveries.controller.js';
import { DeliveriesService } from './deliveries.service.js';
import { Deliverer } from './deliverer.js';
import { DeliveryPreparation } from './delivery-preparation.js';
import { EmailChannel } from './email.channel.js';
import { FormChannel } from './form.channel.js';
import { NotificationCleanup } from './notification-cleanup.js';
import { Notifications } from './notifications.js';
import { OwnNotificationsController } from './own-notifications.controller.js';
import { OwnNotificationsService } from './own-notifications.service.js';
import { PushKeys } from './push-keys.js';
import { PushSubscriptions } from './push-subscriptions.service.js';
import { Recipients } from './recipients.js';
import { TemplatesController } from './templates.controller.js';
import { TemplatesService } from './templates.service.js';
import { WebPushChannel } from './web-push.channel.js';
import { WebhookChannel } from './webhook.channel.js';

/** Telling people things: channels, templates, deliveries, and what each person wants to hear when. */
@Module({
  imports: [JobsModule, LiveModule],
  controllers: [ChannelsController, TemplatesController, DeliveriesController, OwnNotificationsController],
  providers: [
    Notifications,
    AdminAlerts,
    Recipients,
    Clock,
    Deliverer,
    DeliveryPreparation,
    NotificationCleanup,
    Channels,
    WebhookChannel,
    EmailChannel,
    WebPushChannel,
    FormChannel,
    ChannelsService,
    ChannelTester,
    TemplatesService,
    DeliveriesService,
    OwnNotificationsService,
    PushKeys,
    PushSubscriptions,
  ],
  exports: [Notifications, AdminAlerts],
})
export class NotificationsModule {}
