import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { Jobs } from '../../jobs/jobs.js';
import { newId } from '../../platform/new-id.js';
import { AutomationRun } from '../automation-run.entity.js';
import { AutomationSettings, type AutomationSettingValues } from '../automation-settings.js';
import { GREET_JOB } from '../greet-job.js';
import { ToolAvailability } from '../tool-availability.js';
import { Troubles } from './troubles.js';

const TROUBLE = { name: 'tools', kind: 'automation_tools_missing' } as const;
const BATCH = 200;
/** Whoever looks holds it, so that two replicas begin no run twice. */
const HOLD = `SELECT FROM automation_troubles WHERE tenant_id = $1 AND name = '${TROUBLE.name}' AND since IS NOT NULL FOR UPDATE SKIP LOCKED`;
/** Customers whose last run was skipped for lack of tools. */
const WAITING = `SELECT r.user_id AS "userId" FROM automation_runs r JOIN users u ON u.tenant_id = r.tenant_id AND u.id = r.user_id
  WHERE r.tenant_id = $1 AND r.state = 'skipped' AND r.skip_reason = 'tools_unavailable'
    AND u.created_at > now() - make_interval(hours => $2) AND r.created_at > now() - make_interval(hours => $2)
    AND NOT EXISTS (SELECT FROM automation_runs l WHERE l.tenant_id = $1 AND l.user_id = r.user_id AND l.id > r.id)
  ORDER BY r.id LIMIT ${BATCH}`;

/** Tells of missing tools, and greets the customers who were skipped for them once they are back. */
@Injectable()
export class MissingTools {
  constructor(
    private readonly troubles: Troubles,
    private readonly settings: AutomationSettings,
    private readonly tools: ToolAvailability,
    private readonly jobs: Jobs,
  ) {}

  /** In the transaction that skips a customer. */
  async see(manager: EntityManager, tenantId: string, problem: string): Promise<void> {
    const { catchUpHours } = await this.settings.of(tenantId, manager);
    const next =
      catchUpHours === 0
        ? 'Nobody who is skipped is greeted later (catch_up_hours is 0)'
        : `Whoever is skipped is greeted once they are there, up to ${catchUpHours} hours after registering`;
    await this.troubles.see(manager, {
      ...TROUBLE,
      tenantId,
      title: 'New customers are not greeted: the agent lacks tools that it needs',
      detail: `${problem}. ${next}. See tools_problem of GET /api/v1/admin/automation/settings`,
      alertAfterMinutes: 0,
    });
  }

  /**
   * Begins the runs that wait, a batch of them, when nothing is in the way any more.
   *
   * @param manager Of a transaction that belongs to the tenant.
   * @returns Whether there may be more.
   */
  async catchUp(manager: EntityManager, tenantId: string): Promise<boolean> {
    const held = await manager.query<unknown[]>(HOLD, [tenantId]);
    if (held.length === 0) return false;
    const settings = await this.settings.of(tenantId, manager);
    if ((await this.findProblem(manager, tenantId, settings)) !== null) return false;
    const waiting = await manager.query<{ userId: string }[]>(WAITING, [tenantId, settings.catchUpHours]);
    if (waiting.length > 0) await this.begin(manager, tenantId, waiting);
    if (waiting.length === BATCH) return true;
    await this.troubles.end(manager, { ...TROUBLE, tenantId });
    return false;
  }

  private async findProblem(
    manager: EntityManager,
    tenantId: string,
    settings: AutomationSettingValues,
  ): Promise<string | null> {
    return settings.strategy === 'agent' ? this.tools.problem(manager, tenantId, settings) : null;
  }

  private async begin(
    manager: EntityManager,
    tenantId: string,
    waiting: readonly { readonly userId: string }[],
  ): Promise<void> {
    const runs = waiting.map(({ userId }) => ({ id: newId(), userId }));
    const jobs = runs.map(({ id, userId }) => ({ payload: { user_id: userId, run_id: id } }));
    const jobIds = await this.jobs.enqueueAll(manager, GREET_JOB, jobs, { tenantId });
    const rows = runs.map((run, index) => ({
      ...run,
      tenantId,
      jobId: jobIds[index],
      source: 'catch_up' as const,
      state: 'queued' as const,
    }));
    await manager.insert(AutomationRun, rows);
  }
}
