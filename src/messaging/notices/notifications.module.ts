import { Module } from '@nestjs/common';
import { AuthModule } from '../../auth/sign-in/auth.module.js';
import { JobsModule } from '../../jobs/jobs.module.js';
import { LiveModule } from '../live/live.module.js';
import { AccountChannels } from '../accounts/account-channels.js';
import { AccountPostService } from '../accounts/account-post.js';
import { AccountMailJobs } from '../accounts/account-mail-jobs.js';
import { AdminAlerts } from '../alerts/admin-alerts.js';
import { ChannelTester } from '../channels/channel-tester.js';
import { ChannelsController } from '../channels/channels.controller.js';
import { ChannelsService } from '../channels/channels.service.js';
import { Channels } from '../channels/channels.js';
import { Clock } from './clock.js';
import { DeliveriesController } from './deliveries.controller.js';
import { DeliveriesService } from './deliveries.service.js';
import { Deliverer } from './deliverer.js';
import { DeliveryPreparation } from './delivery-preparation.js';
import { EmailChannel } from '../channels/email.channel.js';
import { FormChannel } from '../channels/form.channel.js';
import { NotificationCleanup } from './notification-cleanup.js';
import { Notifications } from './notifications.js';
import { OwnNotificationsController } from './own-notifications.controller.js';
import { OwnNotificationsService } from './own-notifications.service.js';
import { PushKeys } from '../channels/push-keys.js';
import { PushSubscriptions } from '../channels/push-subscriptions.service.js';
import { Recipients } from './recipients.js';
import { TemplatesController } from '../templates/templates.controller.js';
import { TemplatesService } from '../templates/templates.service.js';
import { WebPushChannel } from '../channels/web-push.channel.js';
import { WebhookChannel } from '../channels/webhook.channel.js';

/** Telling people things: channels, templates, deliveries, and what each person wants to hear when. */
@Module({
  imports: [AuthModule, JobsModule, LiveModule],
  controllers: [ChannelsController, TemplatesController, DeliveriesController, OwnNotificationsController],
  providers: [
    Notifications,
    AccountChannels,
    AccountMailJobs,
    AccountPostService,
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
