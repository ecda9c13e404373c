import { Module } from '@nestjs/common';
import { CallLogsModule } from '../../call-logs/call-logs.module.js';
import { McpModule } from '../../mcp/mcp.module.js';
import { LiveModule } from '../../messaging/live/live.module.js';
import { ToolsModule } from '../../tools/tools.module.js';
import { ClockController } from '../clock/clock.controller.js';
import { ClockService } from '../clock/clock.service.js';
import { HealthController } from './health.controller.js';
import { HealthModule } from './health.module.js';
import { LiveClients } from './live-clients.js';
import { AdminLiveTopics } from './admin-live-topics.js';
import { ServerStatusController } from './server-status.controller.js';
import { ServerStatusService } from './server-status.service.js';

/** What operators look at. */
@Module({
  imports: [CallLogsModule, ToolsModule, McpModule, HealthModule, LiveModule],
  controllers: [ServerStatusController, HealthController, ClockController],
  providers: [ServerStatusService, LiveClients, AdminLiveTopics, ClockService],
})
export class ObservabilityModule {}
