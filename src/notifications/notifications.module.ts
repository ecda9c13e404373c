import { Module } from '@nestjs/common';
import { JobsModule } from '../jobs/jobs.module.js';
import { LiveModule } from '../live/live.module.js';
import { AdminAlerts } from './admin-alerts.js';
import { Clock } from './clock.js';
import { Notifications } from './notifications.js';
import { Recipients } from './recipients.js';

/** Telling people things: channels, templates, deliveries, and what each person wants to hear when. */
@Module({
  imports: [JobsModule, LiveModule],
  providers: [Notifications, AdminAlerts, Recipients, Clock],
  exports: [Notifications, AdminAlerts],
})
export class NotificationsModule {}
