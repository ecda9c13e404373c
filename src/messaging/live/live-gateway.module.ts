import { Module } from '@nestjs/common';
import { AuthModule } from '../../auth/sign-in/auth.module.js';
import { LiveDoor } from './live-door.js';
import { LiveGateway } from './live-gateway.js';
import { LiveIdentities } from './live-identities.js';
import { LiveModule } from './live.module.js';
import { LivePresences } from './live-presences.js';
import { LiveRooms } from './live-rooms.js';
import { LiveTalk } from './live-talk.js';
import { LiveWatch } from './live-watch.js';

/** The WebSocket of people, on processes that serve. */
@Module({
  imports: [AuthModule, LiveModule],
  providers: [LiveDoor, LiveGateway, LiveIdentities, LivePresences, LiveRooms, LiveTalk, LiveWatch],
})
export class LiveGatewayModule {}
