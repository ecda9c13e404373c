import { Module } from '@nestjs/common';
import { NotificationsModule } from '../../messaging/notices/notifications.module.js';
import { SourcesModule } from '../sources.module.js';
import { TransportMaker } from './transport-maker.js';
import { UpstreamConnections } from './upstream-connections.js';
import { UpstreamImporter } from './upstream-importer.js';
import { UpstreamReader } from './upstream-reader.js';
import { UpstreamRunner } from './upstream-runner.js';
import { UpstreamSchedule } from './upstream-schedule.js';
import { UpstreamStandings } from './upstream-standings.js';
import { UpstreamTargetReader } from './upstream-target.js';
import { UpstreamTester } from './upstream-tester.js';
import { UpstreamToolsController } from './upstream-tools.controller.js';
import { UpstreamSettingsCheck } from './upstream-settings-check.js';
import { UpstreamViews } from './upstream-views.js';
import { UpstreamWriter } from './upstream-writer.js';
import { UpstreamsController } from './upstreams.controller.js';
import { UpstreamsService } from './upstreams.service.js';

/** Other MCP servers: how they are reached, what they offer, and the calls of their tools. */
@Module({
  imports: [NotificationsModule, SourcesModule],
  controllers: [UpstreamsController, UpstreamToolsController],
  providers: [
    TransportMaker,
    UpstreamTargetReader,
    UpstreamConnections,
    UpstreamStandings,
    UpstreamWriter,
    UpstreamReader,
    UpstreamRunner,
    UpstreamSettingsCheck,
    UpstreamsService,
    UpstreamTester,
    UpstreamImporter,
    UpstreamViews,
  ],
  exports: [UpstreamReader, UpstreamsService],
})
export class UpstreamsModule {}

/** Reads them again when it is time to. */
@Module({ imports: [UpstreamsModule], providers: [UpstreamSchedule] })
export class UpstreamsWorkModule {}
