import { Injectable } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { DataSource } from 'typeorm';
import type { UserCaller } from '../../access/caller.js';
import { CallLogWriter } from '../../call-logs/writing/call-log.writer.js';
import { GroupTool } from '../../groups/group-tools/group-tool.entity.js';
import { ToolGroup } from '../../groups/group.entity.js';
import { ToolRegistry } from '../../tools/tool-registry.js';
import { VERSION } from '../../platform/version.js';
import { LiveClients } from './live-clients.js';
import type { ServerStatusDto } from './server-status.dto.js';

/** How this replica is doing, as an admin sees it: what is counted is their tenant's own. */
@Injectable()
export class ServerStatusService {
  constructor(
    @InjectDataSource() private readonly dataSource: DataSource,
    private readonly callLog: CallLogWriter,
    private readonly registry: ToolRegistry,
    private readonly live: LiveClients,
  ) {}

  async get(caller: UserCaller): Promise<ServerStatusDto> {
    const uptimeSeconds = process.uptime();
    const { writable } = this.callLog.state;
    const latencyMs = await this.measureDatabase();
    const { rss, heapUsed } = process.memoryUsage();
    return {
      ok: latencyMs !== null && writable,
      version: VERSION,
      node: process.version,
      started_at: new Date(Date.now() - uptimeSeconds * 1000).toISOString(),
      uptime_seconds: Math.floor(uptimeSeconds),
      database: { ok: latencyMs !== null, latency_ms: latencyMs },
      call_log: { ok: writable, queued: this.callLog.queuedOf(caller.tenantId) },
      mcp: this.live.countOf(caller.tenantId),
      counts: latencyMs === null ? null : await this.count(caller.tenantId),
      registered_tools: this.registry.definitions().length,
      memory: { rss_bytes: rss, heap_used_bytes: heapUsed },
    };
  }

  private async measureDatabase(): Promise<number | null> {
    const started = performance.now();
    try {
      await this.dataSource.query('SELECT 1');
      return Math.round((performance.now() - started) * 100) / 100;
    } catch {
      return null; // That it does not answer is the answer.
    }
  }

  private async count(tenantId: string) {
    const groups = this.dataSource.getRepository(ToolGroup);
    const tools = this.dataSource.getRepository(GroupTool);
    return {
      groups: await groups.countBy({ tenantId }),
      enabled_groups: await groups.countBy({ tenantId, enabled: true }),
      tools: await tools.countBy({ tenantId }),
      enabled_tools: await tools.countBy({ tenantId, enabled: true }),
    };
  }
}
