import { Module } from '@nestjs/common';
import { DiscoveryModule } from '@nestjs/core';
import { JobCleanup } from './job-cleanup.js';
import { JobMetricsService } from './job-metrics.service.js';
import { JobRegistry } from './job-registry.js';
import { JobSettingsController } from './job-settings.controller.js';
import { JobSettings } from './job-settings.js';
import { JobSettingsService } from './job-settings.service.js';
import { JobsAdminService } from './jobs-admin.service.js';
import { JobsController } from './jobs.controller.js';
import { Jobs } from './jobs.js';
import { PostgresJobs } from './postgres-jobs.js';

/** Durable jobs. A feature imports this module, writes handlers with `@Job` and makes jobs through {@link Jobs}; `JobsWorkModule` runs them. */
@Module({
  imports: [DiscoveryModule],
  controllers: [JobsController, JobSettingsController],
  providers: [
    { provide: Jobs, useClass: PostgresJobs },
    JobRegistry,
    JobSettings,
    JobCleanup,
    JobsAdminService,
    JobSettingsService,
    JobMetricsService,
  ],
  exports: [Jobs, JobRegistry, JobSettings],
})
export class JobsModule {}
