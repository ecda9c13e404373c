import { Module } from '@nestjs/common';
import { AuthModule } from '../../auth/sign-in/auth.module.js';
import { JobsModule } from '../../jobs/jobs.module.js';
import { LiveController } from './live.controller.js';
import { LiveCleanup } from './live-cleanup.js';
import { LiveCommands } from './live-commands.js';
import { LiveDoor } from './live-door.js';
import { LiveEvents } from './live-events.js';
import { LiveFeed } from './live-feed.js';
import { LiveGateway } from './live-gateway.js';
import { LiveIdentities } from './live-identities.js';
import { LivePresences } from './live-presences.js';
import { LiveRooms } from './live-rooms.js';
import { LiveTalk } from './live-talk.js';

/**
 * What happens, told to people as it happens. A feature that has something to tell imports this module and publishes through
 * `LiveEvents`; what clients may ask for over the socket it registers with `LiveCommands`.
 */
@Module({
  imports: [AuthModule, JobsModule],
  controllers: [LiveController],
  providers: [
    LiveCleanup,
    LiveCommands,
    LiveDoor,
    LiveEvents,
    LiveFeed,
    LiveGateway,
    LiveIdentities,
    LivePresences,
    LiveRooms,
    LiveTalk,
  ],
  exports: [LiveCommands, LiveEvents],
})
export class LiveModule {}
