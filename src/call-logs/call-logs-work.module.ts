import { Module } from '@nestjs/common';
import { CallLogsModule } from './call-logs.module.js';
import { ForwardingJob } from './forwarding/forwarding-job.js';
import { GuideJob } from './search/guide-job.js';
import { StatisticsJob } from './statistics/statistics-job.js';
import { EntryPruning } from './storage/entry-pruning.js';
import { Housekeeping } from './storage/housekeeping.js';
import { MonthMergeJob } from './storage/month-merge-job.js';
import { Partitions } from './storage/partitions.js';
import { RetentionJob } from './storage/retention-job.js';

/** What goes on behind the writer of the call log: its guide, its sums, forwarding, partitions and retention. */
@Module({
  imports: [CallLogsModule],
  providers: [
    GuideJob,
    StatisticsJob,
    ForwardingJob,
    EntryPruning,
    Housekeeping,
    MonthMergeJob,
    Partitions,
    RetentionJob,
  ],
})
export class CallLogsWorkModule {}
