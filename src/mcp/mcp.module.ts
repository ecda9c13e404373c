import { Module } from '@nestjs/common';
import { AuthModule } from '../auth/sign-in/auth.module.js';
import { GroupsModule } from '../groups/groups.module.js';
import { ToolsModule } from '../tools/tools.module.js';
import { Connections } from './doors/connections.js';
import { FastLane } from './lanes/fast-lane.js';
import { Gate } from './gate.js';
import { GroupMethods } from './group-methods.js';
import { Listeners } from './lanes/listeners.js';
import { McpEndpoint } from './mcp-endpoint.js';
import { McpServerFactory } from './lanes/mcp-server.factory.js';
import { SdkLane } from './lanes/sdk-lane.js';
import { RefusedCalls } from './refused-calls.js';
import { RpcRequests } from './rpc-requests.js';
import { StandingStreams } from './lanes/standing-streams.js';
import { StatelessCalls } from './stateless-calls.js';
import { Sessions } from './lanes/sessions.js';
import { SseDoor } from './doors/sse-door.js';
import { StreamableHttp } from './doors/streamable-http.js';
import { WebSocketDoor } from './doors/web-socket-door.js';

/** The protocol: one endpoint per group, every transport and both eras. */
@Module({
  imports: [AuthModule, GroupsModule, ToolsModule],
  providers: [
    Gate,
    GroupMethods,
    StatelessCalls,
    FastLane,
    RpcRequests,
    RefusedCalls,
    McpServerFactory,
    SdkLane,
    Listeners,
    StandingStreams,
    Sessions,
    Connections,
    SseDoor,
    WebSocketDoor,
    StreamableHttp,
    McpEndpoint,
  ],
  exports: [McpEndpoint, Sessions, Connections, Listeners],
})
export class McpModule {}
