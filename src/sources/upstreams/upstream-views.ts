import { Injectable } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { DataSource } from 'typeorm';
import type { Caller } from '../../access/caller.js';
import type { UpstreamReload } from './upstream-tester.js';
import { UpstreamTargetReader } from './upstream-target.js';
import type { Upstream } from './upstream.entity.js';
import type { UpstreamDto, UpstreamReadingDto } from './upstream-answers.dto.js';

const COUNTS = `SELECT source_id AS id, count(*) FILTER (WHERE state = 'active')::int AS active,
    count(*) FILTER (WHERE state = 'held' OR pending IS NOT NULL)::int AS waiting
  FROM mcp_source_tools WHERE tenant_id = $1 AND source_id = ANY($2) GROUP BY source_id`;
type Counts = { readonly id: string; readonly active: number; readonly waiting: number };

/** Shows upstreams over REST, without their secrets. */
@Injectable()
export class UpstreamViews {
  constructor(
    @InjectDataSource() private readonly dataSource: DataSource,
    private readonly targets: UpstreamTargetReader,
  ) {}

  async one(caller: Caller, upstream: Upstream): Promise<UpstreamDto> {
    const [shown] = await this.many(caller, [upstream]);
    return shown;
  }

  async many({ tenantId }: Caller, upstreams: readonly Upstream[]): Promise<UpstreamDto[]> {
    const ids = upstreams.map(({ id }) => id);
    const counts = await this.dataSource.query<Counts[]>(COUNTS, [tenantId, ids]);
    const byId = new Map(counts.map((one) => [one.id, one]));
    return upstreams.map((row) => this.show(row, byId.get(row.id)));
  }

  private show(row: Upstream, counts: Counts | undefined): UpstreamDto {
    return {
      id: row.id,
      name: row.name,
      description: row.description,
      transport: row.transport,
      command: row.command,
      args: row.args,
      env: row.env,
      cwd: row.cwd,
      url: row.url,
      headers: row.headers,
      secret_names: Object.keys(this.targets.secretsOf(row)),
      prefix: row.prefix,
      policy: row.policy,
      enabled: row.enabled,
      state: row.state,
      state_reason: row.stateReason,
      state_since: row.stateSince.toISOString(),
      failures: row.failures,
      next_try_at: row.nextTryAt?.toISOString() ?? null,
      era: row.verdict?.kind ?? null,
      server_info: row.serverInfo,
      tools_read_at: row.toolsReadAt?.toISOString() ?? null,
      active_tools: counts?.active ?? 0,
      waiting_tools: counts?.waiting ?? 0,
      version: row.version,
      created_at: row.createdAt.toISOString(),
      updated_at: row.updatedAt.toISOString(),
    };
  }
}

export function toReadingDto({ reading, message }: UpstreamReload): UpstreamReadingDto {
  const { added = [], changed = [], gone = [], held = [], quarantined = [] } = reading ?? {};
  const names = quarantined.map(({ toolName, reason }) => `${toolName}: ${reason}`);
  return { read: reading !== null, message, added, changed, gone, held, quarantined: names };
}
