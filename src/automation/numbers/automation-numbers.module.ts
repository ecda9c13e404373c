import { Module } from '@nestjs/common';
import { AutomationModule } from '../automation.module.js';
import { AutomationMetricsService } from './automation-metrics.service.js';
import { AutomationNumbersController } from './automation-numbers.controller.js';
import { AutomationOverviewService } from './automation-overview.service.js';
import { RegistrationMetricsController } from './registration-metrics.controller.js';

/** What administrators see of the automation: how it does, and everything that is set for it. */
@Module({
  imports: [AutomationModule],
  controllers: [AutomationNumbersController, RegistrationMetricsController],
  providers: [AutomationMetricsService, AutomationOverviewService],
})
export class AutomationNumbersModule {}
