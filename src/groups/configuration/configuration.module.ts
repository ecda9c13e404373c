import { Module } from '@nestjs/common';
import { GroupsModule } from '../groups.module.js';
import { SourcesModule } from '../../sources/sources.module.js';
import { ToolsModule } from '../../tools/tools.module.js';
import { ConfigurationChecks } from './configuration-checks.js';
import { ConfigurationController } from './configuration.controller.js';
import { ConfigurationService } from './configuration.service.js';
import { PlanWriter } from './plan-writer.js';

/** Configuration as code: the groups of a tenant as one file. */
@Module({
  imports: [GroupsModule, ToolsModule, SourcesModule],
  controllers: [ConfigurationController],
  providers: [ConfigurationService, ConfigurationChecks, PlanWriter],
  exports: [ConfigurationService],
})
export class ConfigurationModule {}
