import { Module } from '@nestjs/common';
import { AgentsModule } from '../../agents/agents.module.js';
import { CrmModule } from '../../crm/crm.module.js';
import { LiveModule } from '../../messaging/live/live.module.js';
import { NotificationsModule } from '../../messaging/notices/notifications.module.js';
import { PlanCaseReader } from './plan-case-reader.js';
import { PlanDecisionsService } from './plan-decisions.service.js';
import { PlanNews } from './plan-news.js';
import { TreatmentPlanWriter } from './treatment-plan-writer.js';
import { PlansController } from './plans.controller.js';
import { PlansReader } from './plans-reader.js';
import { PlansService } from './plans.service.js';
import { PlansTools } from './plans.tools.js';

/** Treatment plans: proposed with an agent's help or by rules, decided by consultants. */
@Module({
  imports: [AgentsModule, CrmModule, LiveModule, NotificationsModule],
  controllers: [PlansController],
  providers: [
    PlanCaseReader,
    PlanDecisionsService,
    PlanNews,
    TreatmentPlanWriter,
    PlansReader,
    PlansService,
    PlansTools,
  ],
})
export class PlansModule {}
