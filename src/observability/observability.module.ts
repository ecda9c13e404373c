import { Module } from '@nestjs/common';
import { CallLogsModule } from '../call-logs/call-logs.module.js';
import { ToolsModule } from '../tools/tools.module.js';
import { ServerStatusController } from './server-status.controller.js';
import { ServerStatusService } from './server-status.service.js';

/** What operators look at. */
@Module({
  imports: [CallLogsModule, ToolsModule],
  controllers: [ServerStatusController],
  providers: [ServerStatusService],
})
export class ObservabilityModule {}
