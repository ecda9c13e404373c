import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { AuditTrail } from '../../access/audit/audit-trail.js';
import type { AdminCaller } from '../../access/caller.js';
import { AdminAlerts } from '../../messaging/alerts/admin-alerts.js';
import { ChangeBus } from '../../platform/replicas/change-bus.js';
import { inTenant } from '../../platform/request-scope.js';
import { type FoundTool, SourceTools, type SyncResult } from '../source-tools.js';
import { UpstreamStandings } from './upstream-standings.js';
import { Upstream } from './upstream.entity.js';

/** Writes upstreams and what they offer, tells the replicas, and records what administrators do. */
@Injectable()
export class UpstreamWriter {
  constructor(
    private readonly changeBus: ChangeBus,
    private readonly sourceTools: SourceTools,
    private readonly standings: UpstreamStandings,
    private readonly audit: AuditTrail,
    private readonly alerts: AdminAlerts,
  ) {}

  async insert(manager: EntityManager, caller: AdminCaller, row: Upstream): Promise<void> {
    await manager.save(Upstream, row);
    await this.record(manager, caller, { action: 'upstream.create', row, after: shown(row) });
    await this.changeBus.publish(manager, { kind: 'upstream', id: row.id });
  }

  /** What is turned off offers its tools no more. */
  async update(
    manager: EntityManager,
    caller: AdminCaller,
    { row, columns }: { readonly row: Upstream; readonly columns: Partial<Upstream> },
  ): Promise<void> {
    const before = shown(row);
    await manager.save(Upstream, Object.assign(row, columns, { verdict: null }));
    await this.standings.noteIn(manager, row, { kind: row.enabled ? 'changed' : 'disabled' });
    if (!row.enabled) await this.sync(manager, row, []);
    await this.record(manager, caller, { action: 'upstream.update', row, before, after: shown(row) });
    await this.changeBus.publish(manager, { kind: 'upstream', id: row.id });
  }

  async delete(manager: EntityManager, caller: AdminCaller, row: Upstream): Promise<void> {
    const { id, tenantId } = row;
    const tools = await this.sourceTools.removeAll(manager, tenantId, id);
    await manager.delete(Upstream, { id });
    await this.record(manager, caller, { action: 'upstream.delete', row, before: { ...shown(row), tools } });
    await this.changeBus.publish(manager, { kind: 'upstream', id });
  }

  /** Takes over what was read. */
  async keepTools(upstream: Upstream, found: readonly FoundTool[]): Promise<SyncResult> {
    const { result } = await inTenant(upstream.tenantId, () =>
      this.changeBus.commit(async (manager) => {
        const kept = await this.sync(manager, upstream, found);
        await this.standings.noteIn(manager, upstream, { kind: 'read' });
        await this.alert(manager, upstream, kept);
        return kept;
      }),
    );
    return result;
  }

  /** Once an hour at most, whatever an upstream does. */
  private async alert(
    manager: EntityManager,
    upstream: Upstream,
    { held, quarantined }: SyncResult,
  ): Promise<void> {
    const { id, tenantId, name } = upstream;
    const lines = [...held, ...quarantined.map(({ toolName, reason }) => `${toolName}: ${reason}`)];
    if (lines.length === 0) return;
    await this.alerts.raiseState(manager, {
      tenantId,
      kind: 'upstream_tools',
      title: `Upstream '${name}': ${held.length} tools wait for approval, ${quarantined.length} may not be served`,
      detail: `Agents get what was approved before. See GET /api/v1/admin/upstreams/${id}/approvals.\n${lines.join('\n')}`,
      target: { kind: 'upstream', id },
      key: `upstream_tools:${id}`,
    });
  }

  private sync(manager: EntityManager, row: Upstream, found: readonly FoundTool[]): Promise<SyncResult> {
    const { tenantId, id: sourceId, policy } = row;
    return this.sourceTools.sync(manager, { tenantId, source: 'upstream', sourceId, policy, found });
  }

  private async record(
    manager: EntityManager,
    caller: AdminCaller,
    {
      action,
      row,
      ...values
    }: { readonly action: string; readonly row: Upstream; before?: object; after?: object },
  ): Promise<void> {
    const target = { kind: 'upstream', id: row.id, name: row.name };
    await this.audit.record(manager, caller, { action, target, ...values });
  }
}

/** For the record: names of variables and headers, not what they hold. */
function shown({ name, transport, command, args, url, env, headers, policy, enabled }: Upstream): object {
  return {
    name,
    transport,
    command,
    args,
    url,
    env: Object.keys(env),
    headers: Object.keys(headers),
    policy,
    enabled,
  };
}
