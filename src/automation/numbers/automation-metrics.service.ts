import { Injectable } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { DataSource, type EntityManager } from 'typeorm';
import type { UserCaller } from '../../access/caller.js';
import { ReplicaResources } from '../../platform/replicas/replica-resources.js';
import { readAgents } from './agent-numbers.js';
import { readConsultants } from './consultant-numbers.js';
import { readConversion, readFirstResponse } from './customer-numbers.js';
import { readErrors } from './error-numbers.js';
import { toTenths } from './figures.js';
import { readMcp } from './mcp-numbers.js';
import type { DashboardDto, DashboardQueryDto, MetricsDto, MetricsQueryDto } from './numbers.dto.js';
import { panelMetricsOf, panelPartsOf } from './panel.js';
import { resolvePeriod } from './period.js';
import { readQueue } from './queue-numbers.js';
import { readDays, readFallbacks, readHours, readRuns, readSkips } from './run-numbers.js';
import { readSteps } from './step-numbers.js';
import type { SystemDto } from './system-numbers.dto.js';
import { compare } from './targets.js';

const CONNECTIONS = `SELECT count(*)::int AS connections, current_setting('max_connections')::int AS connections_max
  FROM pg_stat_activity WHERE datname = current_database()`;

/**
 * How the automation of a tenant is doing, from the rows that it leaves: nothing is counted in memory. All numbers of an answer are read
 * in one snapshot over one connection, so they fit together, and a console that asks often takes no more than that one.
 */
@Injectable()
export class AutomationMetricsService {
  constructor(
    @InjectDataSource() private readonly dataSource: DataSource,
    private readonly resources: ReplicaResources,
  ) {}

  /** @throws {InvalidInputError} There is no such time zone, or the period ends before it begins or is too long. */
  readMetrics({ tenantId }: UserCaller, query: MetricsQueryDto): Promise<MetricsDto> {
    return this.inSnapshot((manager) => this.read(manager, tenantId, query));
  }

  /** @throws {InvalidInputError} There is no such time zone. */
  readDashboard({ tenantId }: UserCaller, query: DashboardQueryDto): Promise<DashboardDto> {
    return this.inSnapshot(async (manager) => {
      const metrics = await this.read(manager, tenantId, query);
      const queue = await readQueue(manager, tenantId);
      const dashboard = Object.assign(metrics, { queue, system: await this.readSystem(manager) });
      return Object.assign(dashboard, panelPartsOf(dashboard));
    });
  }

  private inSnapshot<T>(read: (manager: EntityManager) => Promise<T>): Promise<T> {
    return this.dataSource.transaction('REPEATABLE READ', async (manager) => {
      await manager.query('SET TRANSACTION READ ONLY');
      return read(manager);
    });
  }

  private async read(manager: EntityManager, tenantId: string, query: MetricsQueryDto): Promise<MetricsDto> {
    const period = await resolvePeriod(manager, query);
    const runs = await readRuns(manager, tenantId, period);
    const mcp = await readMcp(manager, tenantId, period);
    const agents = await readAgents(manager, tenantId, period);
    const { notifications, claims } = await readConsultants(manager, tenantId, period);
    const firstResponse = await readFirstResponse(manager, tenantId, period);
    const conversion = await readConversion(manager, tenantId, period);
    const metrics = {
      period: {
        from: period.from.toISOString(),
        to: period.to.toISOString(),
        time_zone: period.timeZone,
        as_of: period.now.toISOString(),
      },
      targets: compare({
        'runs.success_rate': runs.success_rate,
        'runs.average_ms': runs.average_ms,
        'mcp.quick_ok_rate': mcp.quick_ok_rate,
        'agents.answer_rate': agents.answer_rate,
        'notifications.delivery_rate': notifications.delivery_rate,
        'first_response.median_seconds': firstResponse.median_seconds,
        'conversion.rate': conversion.rate,
        'claims.median_seconds': claims.median_seconds,
      }),
      runs,
      today: await readRuns(manager, tenantId, period.today),
      by_day: await readDays(manager, tenantId, period),
      by_hour_today: await readHours(manager, tenantId, period),
      steps: await readSteps(manager, tenantId, period),
      fallback: await readFallbacks(manager, tenantId, period),
      skipped: await readSkips(manager, tenantId, period),
      mcp,
      agents,
      notifications,
      claims,
      first_response: firstResponse,
      conversion,
      errors: await readErrors(manager, tenantId, period),
    };
    return Object.assign(metrics, panelMetricsOf(metrics));
  }

  private async readSystem(manager: EntityManager): Promise<SystemDto> {
    const startedMs = performance.now();
    await manager.query('SELECT 1');
    const latencyMs = performance.now() - startedMs;
    const [connections] =
      await manager.query<[{ connections: number; connections_max: number }]>(CONNECTIONS);
    return {
      database: { ok: true, latency_ms: toTenths(latencyMs)!, ...connections },
      replicas: await this.resources.read(manager),
    };
  }
}
