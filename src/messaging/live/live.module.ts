import { Module } from '@nestjs/common';
import { JobsModule } from '../../jobs/jobs.module.js';
import { LiveController } from './live.controller.js';
import { LiveCleanup } from './live-cleanup.js';
import { LiveCommands } from './live-commands.js';
import { LiveEvents } from './live-events.js';
import { LiveFeed } from './live-feed.js';
import { LiveTopics } from './live-topics.js';

/**
 * What happens, told to people as it happens. A feature that has something to tell imports this module and publishes through
 * `LiveEvents`; what clients may ask for over the socket it registers with `LiveCommands`.
 */
@Module({
  imports: [JobsModule],
  controllers: [LiveController],
  providers: [LiveCleanup, LiveCommands, LiveEvents, LiveFeed, LiveTopics],
  exports: [LiveCommands, LiveEvents, LiveFeed, LiveTopics],
})
export class LiveModule {}
