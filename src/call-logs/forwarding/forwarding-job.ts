import { Injectable, Logger, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { DataSource } from 'typeorm';
import { MADE_UP } from '../../access/tenant.entity.js';
import { inTenant } from '../../platform/request-scope.js';
import { SYSTEM_DATABASE } from '../../platform/database/system-database.js';
import { Config } from '../../platform/config.js';
import {
  beginAtPresent,
  follow,
  IN_STRETCH,
  type StepConnection,
  type Stretch,
  stretchParameters,
} from '../follow.js';
import { RepeatedJob } from '../../platform/repeated-job.js';
import type { ForwardedCall } from './forwarded-call.js';
import { OtlpTarget } from './otlp.js';
import { SyslogTarget } from './syslog.js';

const PAUSE_MS = 1000;
const STEP_RECORDS = 500;

const CALLS = `SELECT id, tenant_id AS "tenantId", created_at AS "createdAt", group_id AS "groupId", tool_name AS "toolName",
    caller_app_id AS "callerAppId", key_id AS "keyId", user_id AS "userId", era, transport, is_test AS "isTest", success,
    error_kind AS "errorKind", duration_ms AS "durationMs"
  FROM mcp_call_logs WHERE ${IN_STRETCH} AND tenant_id NOT IN (SELECT id FROM tenants WHERE ${MADE_UP}) ORDER BY recorded_in, id`;
const PAYLOADS = `SELECT id, request_data::text AS arguments, response_data::text AS result FROM mcp_call_logs
  WHERE tenant_id = $1 AND (id, created_at) IN (SELECT * FROM unnest($2::uuid[], $3::timestamptz[]))`;

type Target = {
  readonly name: 'otlp' | 'syslog';
  send(calls: readonly ForwardedCall[]): Promise<void>;
};

/**
 * Sends every record to the collectors of the settings, from the table, in the order of commits, behind the calls. Where each
 * collector is, is kept in the database and moves on only after it took a batch: one that is down misses nothing, and after a
 * crash a batch may come twice (`id` tells). One replica at a time forwards to a collector.
 */
@Injectable()
export class ForwardingJob implements OnApplicationBootstrap, OnApplicationShutdown {
  private readonly jobs: readonly RepeatedJob[];

  constructor(
    private readonly config: Config,
    @InjectDataSource() private readonly dataSource: DataSource,
    @InjectDataSource(SYSTEM_DATABASE) private readonly system: DataSource,
  ) {
    const logger = new Logger(ForwardingJob.name);
    this.jobs = targetsOf(config).map(
      (target) =>
        new RepeatedJob(logger, {
          name: `Forwarding of the call log (${target.name})`,
          pauseMs: PAUSE_MS,
          step: () => this.step(target),
        }),
    );
  }

  onApplicationBootstrap(): void {
    for (const job of this.jobs) job.start();
  }

  async onApplicationShutdown(): Promise<void> {
    await Promise.all(this.jobs.map((job) => job.stop()));
  }

  private async step(target: Target): Promise<boolean> {
    await beginAtPresent(this.system, target.name);
    return follow(this.system, {
      follower: target.name,
      limit: STEP_RECORDS,
      take: async (connection, stretch) => {
        const calls = await this.read(connection, stretch);
        if (calls.length > 0) await target.send(calls);
      },
    });
  }

  private async read(connection: StepConnection, stretch: Stretch): Promise<readonly ForwardedCall[]> {
    const calls = (await connection.query(CALLS, stretchParameters(stretch))) as ForwardedCall[];
    if (!this.config.env.CALL_LOG_FORWARD_PAYLOADS) return calls;
    const payloads = new Map<string, object>();
    for (const tenantId of new Set(calls.map((call) => call.tenantId))) {
      const own = calls.filter((call) => call.tenantId === tenantId);
      const rows = await inTenant(tenantId, () =>
        this.dataSource.query<{ id: string; arguments: string | null; result: string | null }[]>(PAYLOADS, [
          tenantId,
          own.map(({ id }) => id),
          own.map(({ createdAt }) => createdAt.toISOString()),
        ]),
      );
      for (const { id, ...payload } of rows) payloads.set(id, payload);
    }
    return calls.map((call) => ({ ...call, ...payloads.get(call.id) }));
  }
}

function targetsOf({ env }: Config): Target[] {
  const targets: Target[] = [];
  const { CALL_LOG_FORWARD_OTLP_URL: otlp, CALL_LOG_FORWARD_SYSLOG_URL: syslog } = env;
  if (otlp !== undefined) {
    const target = new OtlpTarget(otlp, env.CALL_LOG_FORWARD_OTLP_HEADERS);
    targets.push({ name: 'otlp', send: (calls) => target.send(calls) });
  }
  if (syslog !== undefined) {
    const target = new SyslogTarget(syslog, env.CALL_LOG_FORWARD_SYSLOG_CA);
    targets.push({ name: 'syslog', send: (calls) => target.send(calls) });
  }
  return targets;
}
