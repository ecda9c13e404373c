import { Module } from '@nestjs/common';
import { CallLogWriter } from './writing/call-log.writer.js';
import { CallLogsController } from './call-logs.controller.js';
import { CallLogsService } from './call-logs.service.js';
import { CallLogRemovals } from './chain/removals.js';
import { CallExport } from './search/call-export.js';
import { CallSearch } from './search/call-search.js';
import { SigningKey } from './chain/signing-key.js';
import { StatisticsService } from './statistics/statistics.service.js';
import { RetentionController } from './storage/retention.controller.js';
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
    RetentionService,
    StatisticsService,
  ],
  exports: [CallLogWriter, CallLogRemovals, SigningKey],
})
export class CallLogsModule {}
