import { Module } from '@nestjs/common';
import { JobsWorkModule } from '../../jobs/jobs-work.module.js';
import { NotificationsModule } from '../../messaging/notices/notifications.module.js';
import { ClockJob } from './clock-job.js';

/** Goes on by itself, wherever work goes on behind requests. */
@Module({ imports: [JobsWorkModule, NotificationsModule], providers: [ClockJob] })
export class ClockModule {}
