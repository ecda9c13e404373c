import { Module } from '@nestjs/common';
import { AuthModule } from '../auth/auth.module.js';
import { GroupsModule } from '../groups/groups.module.js';
import { ToolsModule } from '../tools/tools.module.js';
import { CallsUnderWay } from './calls-under-way.js';
import { ClientMemory } from './client-memory.js';
import { Connections } from './connections.js';
import { FastLane } from './fast-lane.js';
import { Gate } from './gate.js';
import { GroupMethods } from './group-methods.js';
import { Listeners } from './listeners.js';
import { McpEndpoint } from './mcp-endpoint.js';
import { McpServerFactory } from './mcp-server.factory.js';
import { SdkLane } from './sdk-lane.js';
import { SessionLane } from './session-lane.js';
import { Sessions } from './sessions.js';
import { SseDoor } from './sse-door.js';
import { StreamableHttp } from './streamable-http.js';
import { WebSocketDoor } from './web-socket-door.js';

/** The protocol: one endpoint per group, every transport and both eras. */
@Module({
  imports: [AuthModule, GroupsModule, ToolsModule],
  providers: [
    Gate,
    GroupMethods,
    ClientMemory,
    CallsUnderWay,
    FastLane,
    McpServerFactory,
    SdkLane,
    Listeners,
    SessionLane,
    Sessions,
    Connections,
    SseDoor,
    WebSocketDoor,
    StreamableHttp,
    McpEndpoint,
  ],
  exports: [McpEndpoint, Sessions, Connections],
})
export class McpModule {}
