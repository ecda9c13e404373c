import { Module } from '@nestjs/common';
import { CallLogWriter } from './writing/call-log.writer.js';
import { CallLogsController } from './call-logs.controller.js';
import { CallLogsService } from './call-logs.service.js';
import { CallLogRemovals } from './chain/removals.js';
import { ForwardingJob } from './forwarding/forwarding-job.js';
import { CallExport } from './search/call-export.js';
import { CallSearch } from './search/call-search.js';
import { GuideJob } from './search/guide-job.js';
import { SigningKey } from './chain/signing-key.js';
import { StatisticsJob } from './statistics/statistics-job.js';
import { StatisticsService } from './statistics/statistics.service.js';
import { EntryPruning } from './storage/entry-pruning.js';
import { Housekeeping } from './storage/housekeeping.js';
import { Partitions } from './storage/partitions.js';
import { RetentionController } from './storage/retention.controller.js';
import { RetentionJob } from './storage/retention-job.js';
import { RetentionService } from './storage/retention.service.js';

/** The durable record of every tools/call. */
@Module({
  controllers: [RetentionController, CallLogsController],
  providers: [
    CallLogWriter,
    CallLogsService,
    CallLogRemovals,
    SigningKey,
    CallSearch,
    CallExport,
    GuideJob,
    EntryPruning,
    Housekeeping,
    Partitions,
    RetentionJob,
    RetentionService,
    StatisticsJob,
    StatisticsService,
    ForwardingJob,
  ],
  exports: [CallLogWriter, CallLogRemovals, SigningKey],
})
export class CallLogsModule {}
