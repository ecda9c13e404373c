import { Module } from '@nestjs/common';
import { JobsModule } from '../jobs/jobs.module.js';
import { LiveModule } from '../messaging/live/live.module.js';
import { NotificationsModule } from '../messaging/notices/notifications.module.js';
import { ClaimCommand } from './claim-command.js';
import { ClaimGiveUp } from './claim-give-up.js';
import { ClaimJobs } from './claim-jobs.js';
import { ClaimNews } from './claim-news.js';
import { ClaimRounds } from './claim-rounds.js';
import { ClaimsController } from './claims.controller.js';
import { ClaimsReader } from './claims-reader.js';
import { ClaimsService } from './claims.service.js';
import { ConsultantDirectory } from './consultant-directory.js';
import { ConsultantProfilesService } from './consultant-profiles.service.js';
import { ConsultantSettingsService } from './consultant-settings.service.js';
import { ConsultantsController } from './consultants.controller.js';
import { CustomerArrivals } from './customer-arrivals.js';

/** Consultants, and how a new customer finds one. */
@Module({
  imports: [LiveModule, JobsModule, NotificationsModule],
  controllers: [ConsultantsController, ClaimsController],
  providers: [
    ClaimCommand,
    ClaimGiveUp,
    ClaimJobs,
    ClaimNews,
    ClaimRounds,
    ClaimsReader,
    ClaimsService,
    ConsultantDirectory,
    ConsultantProfilesService,
    ConsultantSettingsService,
    CustomerArrivals,
  ],
  exports: [CustomerArrivals],
})
export class ConsultantsModule {}
