import { Injectable } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { DataSource } from 'typeorm';
import { z } from 'zod';
import type { JobContext } from '../../jobs/job-context.js';
import { Job } from '../../jobs/job.decorator.js';
import { AdminAlerts } from '../../messaging/alerts/admin-alerts.js';
import { CIRCUIT_OPEN } from './circuit-records.js';

/** A replica that says nothing for so long has died, or what it holds is of no use to anybody. */
const FORGET_DEAD = `DELETE FROM circuit_states WHERE tenant_id = $1 AND replica_id NOT IN (
  SELECT id FROM replicas WHERE last_seen_at > clock_timestamp() - interval '5 minutes')`;
/** A state is stored before its alert is raised. */
const OVER = `SELECT DISTINCT target_id AS "targetId" FROM alerts a
  WHERE tenant_id = $1 AND kind = $2 AND acknowledged_at IS NULL AND target_id IS NOT NULL
    AND NOT EXISTS (SELECT 1 FROM circuit_states WHERE tool_id = a.target_id) LIMIT 1000`;

/** Ends the alerts of circuits that no replica closes any more, because the last that held one open has died. */
@Injectable()
export class CircuitCleanup {
  constructor(
    @InjectDataSource() private readonly dataSource: DataSource,
    private readonly alerts: AdminAlerts,
  ) {}

  @Job({
    kind: 'circuits.cleanup',
    description: 'Forgets the circuits of replicas that have died, and ends their alerts',
    payload: z.object({ slot: z.iso.datetime() }),
    schedule: { at: '22 * * * *', for: 'every_tenant' },
    timeoutSeconds: 60,
    concurrency: { total: 2 },
  })
  async run(_payload: { slot: string }, { tenantId }: JobContext): Promise<void> {
    await this.dataSource.query(FORGET_DEAD, [tenantId]);
    const over = await this.dataSource.query<{ targetId: string }[]>(OVER, [tenantId, CIRCUIT_OPEN]);
    for (const { targetId } of over)
      await this.dataSource.transaction((manager) =>
        this.alerts.endState(manager, { tenantId, kind: CIRCUIT_OPEN, targetId }),
      );
  }
}
