import { Module } from '@nestjs/common';
import { NotificationsModule } from '../messaging/notices/notifications.module.js';
import { SourcesModule } from '../sources/sources.module.js';
import { ToolsModule } from '../tools/tools.module.js';
import { CallCutter } from './call-cutter.js';
import { CatalogStore } from './catalog-store.js';
import { ExplainService } from './group-tools/explain.service.js';
import { CircuitsController } from './circuits/circuits.controller.js';
import { CircuitsService } from './circuits/circuits.service.js';
import { GroupChanges } from './group-changes.js';
import { GroupConnectService } from './group-connect.service.js';
import { GroupKeysService } from './keys/group-keys.service.js';
import { GroupToolsController } from './group-tools/group-tools.controller.js';
import { GroupToolsService } from './group-tools/group-tools.service.js';
import { GroupToolViews } from './group-tools/group-tool-views.js';
import { BulkToolsController } from './group-tools/bulk-tools.controller.js';
import { BulkToolsService } from './group-tools/bulk-tools.service.js';
import { ToolWriter } from './group-tools/tool-writer.js';
import { GroupsController } from './groups.controller.js';
import { GroupsService } from './groups.service.js';
import { SampleGroupMaker } from './sample-group.js';
import { KeyUsage } from './keys/key-usage.js';
import { KeysController } from './keys/keys.controller.js';
import { KeysService } from './keys/keys.service.js';
import { SecurityAlertsService } from './keys/security-alerts.service.js';
import { ToolTester } from './group-tools/tool-tester.js';

/** Tool groups, their keys and their tools: the admin's side, and the catalog that calls are served from. */
@Module({
  imports: [NotificationsModule, ToolsModule, SourcesModule],
  controllers: [
    GroupsController,
    BulkToolsController,
    GroupToolsController,
    KeysController,
    CircuitsController,
  ],
  providers: [
    CatalogStore,
    CallCutter,
    KeyUsage,
    SecurityAlertsService,
    GroupChanges,
    GroupsService,
    GroupKeysService,
    KeysService,
    GroupToolsService,
    BulkToolsService,
    ToolWriter,
    GroupToolViews,
    GroupConnectService,
    ExplainService,
    ToolTester,
    SampleGroupMaker,
    CircuitsService,
  ],
  exports: [
    CatalogStore,
    GroupChanges,
    KeyUsage,
    SecurityAlertsService,
    GroupsService,
    GroupKeysService,
    GroupToolsService,
  ],
})
export class GroupsModule {}
