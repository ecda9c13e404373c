import { Module } from '@nestjs/common';
import { CallLogWriter } from './call-log.writer.js';
import { CallLogsController } from './call-logs.controller.js';
import { CallLogsService } from './call-logs.service.js';

/** The durable record of every tools/call. */
@Module({
  controllers: [CallLogsController],
  providers: [CallLogWriter, CallLogsService],
  exports: [CallLogWriter],
})
export class CallLogsModule {}
