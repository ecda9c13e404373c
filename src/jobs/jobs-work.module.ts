import { Module } from '@nestjs/common';
import { EventPickup } from './event-pickup.js';
import { JobOutcomes } from './job-outcomes.js';
import { JobQueue } from './job-queue.js';
import { JobSchedules } from './job-schedules.js';
import { JobWorker } from './job-worker.js';
import { JobsModule } from './jobs.module.js';

/** Runs jobs, makes those that have a schedule, and picks up the events that jobs begin with. */
@Module({
  imports: [JobsModule],
  providers: [JobQueue, JobOutcomes, EventPickup, JobWorker, JobSchedules],
  exports: [JobQueue],
})
export class JobsWorkModule {}
