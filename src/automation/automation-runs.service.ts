import { Injectable } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { DataSource, type EntityManager } from 'typeorm';
import { AuditTrail } from '../access/audit/audit-trail.js';
import type { UserCaller } from '../access/caller.js';
import { User } from '../access/user.entity.js';
import type { Page } from '../platform/rest/envelope.js';
import { ConflictError, NotFoundError } from '../platform/errors.js';
import { newId } from '../platform/new-id.js';
import { decodeIdCursor, toPage } from '../platform/rest/paging.js';
import { uniqueViolation } from '../platform/database/unique-violation.js';
import { JobAttempt } from '../jobs/job-attempt.entity.js';
import { Job } from '../jobs/job.entity.js';
import { Jobs } from '../jobs/jobs.js';
import { AgentCall } from './agent-call.entity.js';
import { AutomationRun } from './automation-run.entity.js';
import type { AutomationRunQueryDto, StartRunDto } from './automation-runs.dto.js';
import { AutomationStep, STEP_NAMES } from './automation-step.entity.js';
import { GREET_JOB } from './greet-job.js';
import { findGreeting, isCustomer } from './run-gate.js';

const ATTEMPTS_SHOWN = 100;
const OPEN = ['queued', 'running', 'failed'];

/** A run with all that is known of it. */
export type RunDetail = {
  readonly run: AutomationRun;
  readonly steps: readonly AutomationStep[];
  readonly calls: readonly AgentCall[];
  readonly attempts: readonly JobAttempt[];
  /** Null: it was removed after a while. */
  readonly job: Job | null;
};

/** The administrators' side of runs: looked at, begun by hand, and retried. */
@Injectable()
export class AutomationRunsService {
  constructor(
    @InjectDataSource() private readonly dataSource: DataSource,
    private readonly jobs: Jobs,
    private readonly audit: AuditTrail,
  ) {}

  /** Newest first. */
  async list({ tenantId }: UserCaller, query: AutomationRunQueryDto): Promise<Page<AutomationRun>> {
    const found = this.dataSource
      .getRepository(AutomationRun)
      .createQueryBuilder('r')
      .where({ tenantId })
      .orderBy('r.id', 'DESC')
      .take(query.limit + 1);
    const { state, source, user_id: userId, from, to, cursor } = query;
    if (state !== undefined) found.andWhere('r.state = :state', { state });
    if (source !== undefined) found.andWhere('r.source = :source', { source });
    if (userId !== undefined) found.andWhere('r.userId = :userId', { userId });
    if (from !== undefined) found.andWhere('r.createdAt >= :from', { from });
    if (to !== undefined) found.andWhere('r.createdAt < :to', { to });
    if (cursor) found.andWhere('r.id < :before', { before: decodeIdCursor(cursor) });
    return toPage(await found.getMany(), query.limit, (run) => [run.id]);
  }

  /** @throws {NotFoundError} Not there, or another tenant's. */
  async get({ tenantId }: UserCaller, id: string): Promise<RunDetail> {
    const { manager } = this.dataSource;
    const run = orNotFound(await manager.findOneBy(AutomationRun, { id, tenantId }), id);
    const { jobId } = run;
    const [steps, calls, attempts, job] = await Promise.all([
      manager.findBy(AutomationStep, { runId: id, tenantId }),
      manager.find(AgentCall, { where: { runId: id, tenantId }, order: { id: 'ASC' } }),
      manager.find(JobAttempt, {
        where: { jobId, tenantId },
        order: { number: 'DESC' },
        take: ATTEMPTS_SHOWN,
      }),
      manager.findOneBy(Job, { id: jobId, tenantId }),
    ]);
    const inOrder = steps.toSorted((a, b) => STEP_NAMES.indexOf(a.name) - STEP_NAMES.indexOf(b.name));
    return { run, steps: inOrder, calls, attempts: attempts.toReversed(), job };
  }

  /**
   * Greets a user by hand: under the same conditions as one who has just registered.
   *
   * @throws {NotFoundError} No such user.
   * @throws {ConflictError} Nobody to greet, or greeted already, or just being greeted.
   */
  async start(caller: UserCaller, input: StartRunDto): Promise<RunDetail> {
    const { tenantId } = caller;
    const id = newId();
    await this.dataSource
      .transaction(async (manager) => {
        await this.requireGreetable(manager, caller, input);
        const payload = { user_id: input.user_id, run_id: id };
        const { id: jobId } = await this.jobs.enqueue(manager, GREET_JOB, payload, { tenantId });
        const run = { id, tenantId, userId: input.user_id, jobId, createdBy: caller.userId };
        await manager.insert(AutomationRun, { ...run, source: 'manual', state: 'queued' });
        const after = { user_id: input.user_id, again: input.again };
        await this.record(manager, caller, { action: 'automation_run.start', id, values: { after } });
      })
      .catch((error: unknown) => {
        if (uniqueViolation(error) !== 'uq_automation_runs_open') throw error;
        throw new ConflictError('Another run of this user began at the same moment', { cause: error });
      });
    return this.get(caller, id);
  }

  /**
   * Lets a run that failed go on from the step that did, with its whole retry plan before it.
   *
   * @throws {ConflictError} It did not fail.
   */
  async retry(caller: UserCaller, id: string): Promise<RunDetail> {
    const { tenantId } = caller;
    await this.dataSource.transaction(async (manager) => {
      const lock = { mode: 'pessimistic_write' } as const;
      const found = await manager.findOne(AutomationRun, { where: { id, tenantId }, lock });
      const run = orNotFound(found, id);
      if (run.state !== 'failed')
        throw new ConflictError(`This run is ${run.state}; only one that failed can be retried`);
      const jobId = await this.requeue(manager, run);
      const next = { state: 'queued', jobId, asked: 0, finishedAt: null, durationMs: null } as const;
      await manager.update(AutomationRun, { id }, next);
      const values = { before: { state: run.state }, after: { state: next.state } };
      await this.record(manager, caller, { action: 'automation_run.retry', id, values });
    });
    return this.get(caller, id);
  }

  /** Dead letters may have been purged: then another job takes over, and the steps that are done stay done. */
  private async requeue(manager: EntityManager, run: AutomationRun): Promise<string> {
    if (await this.jobs.retry(manager, run.jobId)) return run.jobId;
    const payload = { user_id: run.userId, run_id: run.id };
    return (await this.jobs.enqueue(manager, GREET_JOB, payload, { tenantId: run.tenantId })).id;
  }

  private async requireGreetable(
    manager: EntityManager,
    { tenantId }: UserCaller,
    { user_id: userId, again }: StartRunDto,
  ): Promise<void> {
    const user = await manager.findOneBy(User, { id: userId, tenantId });
    if (!user) throw new NotFoundError(`No user ${userId}`);
    if (!isCustomer(user)) throw new ConflictError('Only customers are greeted, and this user is none');
    if (!user.enabled) throw new ConflictError('This user is disabled');
    const open = await manager
      .createQueryBuilder(AutomationRun, 'r')
      .where({ tenantId, userId })
      .andWhere('r.state IN (:...open)', { open: OPEN })
      .getOne();
    if (open?.state === 'failed')
      throw new ConflictError(`Run ${open.id} of this user failed; retry that one`);
    if (open) throw new ConflictError(`Run ${open.id} greets this user just now`);
    if (again) return;
    const greeting = await findGreeting(manager, { tenantId, userId });
    if (greeting)
      throw new ConflictError(
        `Run ${greeting.id} has greeted this user already; send again: true to greet once more`,
      );
  }

  private record(
    manager: EntityManager,
    caller: UserCaller,
    { action, id, values }: { action: string; id: string; values: { before?: object; after?: object } },
  ): Promise<void> {
    return this.audit.record(manager, caller, { action, target: { kind: 'automation_run', id }, ...values });
  }
}

function orNotFound(run: AutomationRun | null, id: string): AutomationRun {
  if (run) return run;
  throw new NotFoundError(`No run ${id}`);
}
