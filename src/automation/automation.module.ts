import { Module } from '@nestjs/common';
import { AgentsModule } from '../agents/agents.module.js';
import { ConversationsModule } from '../crm/conversations.module.js';
import { ConsultantsModule } from '../consultants/consultants.module.js';
import { FeaturesModule } from '../access/features/features.module.js';
import { JobsModule } from '../jobs/jobs.module.js';
import { NotificationsModule } from '../messaging/notices/notifications.module.js';
import { AutomationCleanup } from './automation-cleanup.js';
import { AutomationRunsController } from './automation-runs.controller.js';
import { AutomationRunsService } from './automation-runs.service.js';
import { AutomationSettingsController } from './automation-settings.controller.js';
import { AutomationSettings } from './automation-settings.js';
import { AutomationSettingsService } from './automation-settings.service.js';
import { GiveUp } from './give-up.js';
import { GreetingSteps } from './greeting-steps.js';
import { RegistrationAutomation } from './registration-automation.js';
import { RunGate } from './run-gate.js';
import { RunRecords } from './run-records.js';
import { RunSteps } from './run-steps.js';
import { ToolAvailability } from './tool-availability.js';
import { MissingTools } from './troubles/missing-tools.js';
import { TargetWatch } from './troubles/target-watch.js';
import { Troubles } from './troubles/troubles.js';
import { WelcomeTemplatesController } from './welcome-templates.controller.js';
import { WelcomeTemplates } from './welcome-templates.js';
import { WelcomeTemplatesService } from './welcome-templates.service.js';
import { WelcomeConversation } from './welcome-conversation.js';
import { WelcomeWriter } from './welcome-writer.js';

/** Registration automation: who registers is greeted, and a consultant knows. */
@Module({
  imports: [
    AgentsModule,
    ConsultantsModule,
    ConversationsModule,
    FeaturesModule,
    JobsModule,
    NotificationsModule,
  ],
  controllers: [AutomationRunsController, AutomationSettingsController, WelcomeTemplatesController],
  providers: [
    AutomationSettings,
    ToolAvailability,
    RunGate,
    Troubles,
    MissingTools,
    TargetWatch,
    RunRecords,
    RunSteps,
    WelcomeTemplates,
    WelcomeConversation,
    WelcomeWriter,
    GreetingSteps,
    RegistrationAutomation,
    GiveUp,
    AutomationCleanup,
    AutomationRunsService,
    AutomationSettingsService,
    WelcomeTemplatesService,
  ],
  exports: [MissingTools, TargetWatch, AutomationSettingsService, WelcomeTemplatesService],
})
export class AutomationModule {}
