import { Module } from '@nestjs/common';
import { CallLogWriter } from './call-log.writer.js';
import { CallLogsController } from './call-logs.controller.js';
import { CallLogsService } from './call-logs.service.js';
import { CallLogRemovals } from './removals.js';
import { SigningKey } from './signing-key.js';

/** The durable record of every tools/call. */
@Module({
  controllers: [CallLogsController],
  providers: [CallLogWriter, CallLogsService, CallLogRemovals, SigningKey],
  exports: [CallLogWriter, CallLogRemovals, SigningKey],
})
export class CallLogsModule {}
