import { Injectable } from '@nestjs/common';
import { Config } from '../../platform/config.js';
import { Connections } from '../../mcp/doors/connections.js';
import { Listeners } from '../../mcp/lanes/listeners.js';
import { Sessions } from '../../mcp/lanes/sessions.js';

/** The MCP clients of a tenant that this replica holds something open for. */
@Injectable()
export class LiveClients {
  constructor(
    private readonly sessions: Sessions,
    private readonly connections: Connections,
    private readonly listeners: Listeners,
    private readonly config: Config,
  ) {}

  countOf(tenantId: string) {
    return {
      sessions: this.sessions.countOf(tenantId),
      sessions_max: this.config.env.MCP_SESSIONS_MAX,
      connections: this.connections.countOf(tenantId),
      listeners: this.listeners.countOf(tenantId),
      listeners_max: this.config.env.MCP_LISTENERS_MAX,
    };
  }
}
