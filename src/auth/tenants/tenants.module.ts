import { Module } from '@nestjs/common';
import { CallLogsModule } from '../../call-logs/call-logs.module.js';
import { JobsModule } from '../../jobs/jobs.module.js';
import { TenantChanges } from './tenant-changes.js';
import { TenantDeletionJobs } from './tenant-deletion-jobs.js';
import { TenantExportController } from './tenant-export.controller.js';
import { TenantExport } from './tenant-export.js';
import { TenantJobsController } from './tenant-jobs.controller.js';
import { TenantRemovalService } from './tenant-removal.service.js';
import { TenantRemover } from './tenant-remover.js';
import { TenantsController } from './tenants.controller.js';
import { TenantsService } from './tenants.service.js';

/** The tenants of the installation: made, suspended, exported, deleted. */
@Module({
  imports: [CallLogsModule, JobsModule],
  controllers: [TenantsController, TenantJobsController, TenantExportController],
  providers: [
    TenantChanges,
    TenantsService,
    TenantRemovalService,
    TenantRemover,
    TenantDeletionJobs,
    TenantExport,
  ],
})
export class TenantsModule {}
