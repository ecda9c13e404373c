import { Injectable } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { DataSource } from 'typeorm';
import { newId } from '../platform/new-id.js';
import type { LiveReplica } from '../platform/replicas/live-replicas.js';
import { Replica } from '../platform/replicas/replica.js';
import { SYSTEM_DATABASE } from '../platform/database/system-database.js';
import { Config } from '../platform/config.js';
import type { JobOutcome } from './job-attempt.entity.js';
import { JOB_CHANNEL } from './job-channel.js';
import { JobRegistry } from './job-registry.js';

/** Leases in a row that may run out without a step being stored: such a job ends the process that runs it. */
const LOSSES_MAX = 5;
const PUT_OFF_SECONDS = 1;
const LOST = 'The process that ran it died or hung';
const REAP_MAX = 100;
const DUE_MAX = 20;
const LOOK_AGAIN_MS = 500;
const WAKE = `pg_notify('${JOB_CHANNEL}', '')::text`;

const CLAIM = `SELECT job_id AS id, job_tenant_id AS "tenantId", job_kind AS kind, job_fence AS fence,
    job_retry_seconds AS "retrySeconds" FROM claim_jobs($1, $2, $3, $4, $5, $6)`;
/**
 * Of each kind that has a place left the first few: when all of those are a suspended tenant's, nobody knows what is behind them
 * without reading it all, so the claim, which goes from tenant to tenant, looks again after a while.
 */
const DUE_IN = `SELECT min(ms)::float8 AS ms FROM unnest($1::text[], $2::int[]) AS k(kind, total)
  LEFT JOIN job_turns t ON t.kind = k.kind
  CROSS JOIN LATERAL (
    SELECT CASE WHEN count(*) < ${DUE_MAX} OR bool_or(first.is_able) THEN min(first.ms) FILTER (WHERE first.is_able)
      ELSE greatest(min(first.ms), ${LOOK_AGAIN_MS}) END AS ms
    FROM (
      SELECT extract(epoch FROM j.run_at - clock_timestamp()) * 1000 AS ms,
        (SELECT t.enabled AND t.removing_at IS NULL FROM tenants t WHERE t.id = j.tenant_id) AS is_able
      FROM jobs j WHERE j.state = 'queued' AND j.kind = k.kind
        AND j.run_at >= coalesce(t.from_at, '-infinity') ORDER BY j.run_at LIMIT ${DUE_MAX}) AS first) AS due
  WHERE k.total IS NULL OR k.total > (SELECT count(*) FROM jobs r WHERE r.state = 'running' AND r.kind = k.kind)`;
const RUNS = `unnest($1::uuid[], $2::int[]) AS runs(id, fence)`;
/**
 * The rows of these runs that nobody else has locked: one that somebody keeps must not hold up the others. A foreign key to a job
 * is no hindrance.
 */
const MINE = `mine AS MATERIALIZED (
    SELECT j.id FROM jobs j JOIN ${RUNS} ON j.id = runs.id AND j.fence = runs.fence
    WHERE j.state = 'running' ORDER BY j.id FOR NO KEY UPDATE OF j SKIP LOCKED)`;
/** Those that are still theirs as of the beginning, locked or not. */
const THEIRS = `jobs j JOIN ${RUNS} ON j.id = runs.id AND j.fence = runs.fence AND j.state = 'running'`;
const RENEW = `WITH ${MINE}, kept AS (
    UPDATE jobs j SET lease_until = now() + make_interval(secs => $3) FROM mine WHERE j.id = mine.id RETURNING j.id)
  SELECT j.id, j.fence, kept.id IS NOT NULL AS "isRenewed" FROM ${THEIRS} LEFT JOIN kept ON kept.id = j.id`;
/** What every end of a run leaves behind; `ended` gives the rows. */
const note = (outcome: string, step = 'NULL', error = 'NULL') => `noted AS (
    INSERT INTO job_attempts (job_id, number, tenant_id, outcome, replica, step, error, started_at, finished_at)
    SELECT id, fence, tenant_id, ${outcome}, replica, ${step}, ${error}, started_at, now() FROM ended)`;
const ENDED = 'j.id, j.fence, j.tenant_id, j.replica, j.started_at';
const COMPLETE = `WITH ${MINE}, ended AS (
    UPDATE jobs j SET state = 'done', finished_at = now(), lease_until = NULL, last_error = NULL
    FROM mine WHERE j.id = mine.id RETURNING ${ENDED}),
  ${note(`'done'`)}
  SELECT j.id, ended.id IS NULL AS "isLocked", CASE WHEN $3::boolean AND ended.id IS NOT NULL THEN ${WAKE} END
  FROM ${THEIRS} LEFT JOIN ended ON ended.id = j.id`;
/** `now()` stands still in a statement: the gap between the attempt's end and the next one is the plan's, to the millisecond. */
const FAIL = `WITH ended AS (
    UPDATE jobs j SET attempts = attempts + 1, losses = 0, lease_until = NULL, last_error = $6,
      state = CASE WHEN attempts < cardinality($3::int[]) THEN 'queued' ELSE 'dead' END,
      run_at = CASE WHEN attempts < cardinality($3::int[]) THEN now() + make_interval(secs => greatest(($3::int[])[attempts + 1], $7::float8))
        ELSE run_at END,
      finished_at = CASE WHEN attempts < cardinality($3::int[]) THEN NULL ELSE now() END
    WHERE j.id = $1 AND j.fence = $2 AND j.state = 'running' RETURNING ${ENDED}, j.state),
  ${note('$4', '$5', '$6')}
  SELECT state, ${WAKE} FROM ended`;
const RELEASE = `WITH ${MINE}, ended AS (
    UPDATE jobs j SET state = 'queued', run_at = now(), lease_until = NULL FROM mine WHERE j.id = mine.id RETURNING ${ENDED}),
  ${note(`'released'`)}
  SELECT id, ${WAKE} FROM ended`;
/** Not for ever: what a statement does to the database may be the job's doing after all. */
const PUT_OFF = `WITH ended AS (
    UPDATE jobs j SET losses = losses + 1, state = 'queued', run_at = now() + interval '${PUT_OFF_SECONDS} seconds', lease_until = NULL,
      last_error = $4
    WHERE j.id = $1 AND j.fence = $2 AND j.state = 'running' AND losses + 1 < ${LOSSES_MAX} RETURNING ${ENDED}),
  ${note(`'released'`, '$3', '$4')}
  SELECT id, ${WAKE} FROM ended`;
/** The process that took the job says that it lives. One that came after it may have its name. */
const HOLDER_LIVES = `EXISTS (SELECT FROM unnest($3::text[], $4::timestamptz[]) AS live(name, started_at)
    WHERE live.name = jobs.replica AND live.started_at <= jobs.started_at)`;
/** A lease that ran out, or that a replica which died has not renewed for half of its length, which is once and a half in its time. */
const LOSE = `WITH lost AS (
    SELECT id FROM jobs WHERE state = 'running' AND lease_until < now() + make_interval(secs => $2)
      AND (lease_until < now() OR NOT ${HOLDER_LIVES}) ORDER BY lease_until LIMIT ${REAP_MAX}
    FOR NO KEY UPDATE SKIP LOCKED),
  ended AS (
    UPDATE jobs j SET losses = losses + 1, lease_until = NULL, last_error = $1,
      state = CASE WHEN losses + 1 < ${LOSSES_MAX} THEN 'queued' ELSE 'dead' END, run_at = now(),
      finished_at = CASE WHEN losses + 1 < ${LOSSES_MAX} THEN NULL ELSE now() END
    FROM lost WHERE j.id = lost.id RETURNING ${ENDED}, j.kind, j.state),
  ${note(`'lost'`, 'NULL', '$1')}
  SELECT id, tenant_id AS "tenantId", kind, state, ${WAKE} FROM ended`;
/** A lease cannot outlive its length: one that was renewed before the clock of the database went back ends as if it were renewed now. */
const BRING_BACK = `WITH late AS (SELECT id FROM jobs WHERE state = 'running'
    AND lease_until > now() + make_interval(secs => $1) + interval '1 second' FOR NO KEY UPDATE SKIP LOCKED)
  UPDATE jobs j SET lease_until = now() + make_interval(secs => $1) FROM late WHERE j.id = late.id`;
/**
 * Since when any job waits. Looked for from the beginning, so that one whose transaction was long, or that a clock which went back has put
 * before the others, waits until the next look at most.
 */
const NOTE_SINCE = `UPDATE job_turns t SET from_at = (SELECT least(min(j.run_at), now() - interval '5 seconds')
  FROM jobs j WHERE j.state = 'queued' AND j.kind = t.kind)`;
/** Those that were made, or were tried, at a time that has not come yet wait for no other one. */
const DUE_NOW = `UPDATE jobs SET run_at = now() WHERE state = 'queued' AND run_at > now()
  AND (created_at > now() + interval '1 minute' OR started_at > now() + interval '1 minute')`;
/** Whoever waits for a locked row has a connection that claims and leases need. */
const BRIEFLY = `SET LOCAL lock_timeout = '500ms'`;
const ENQUEUE = `INSERT INTO jobs (id, tenant_id, kind, payload) VALUES ($1, $2, $3, $4)`;

export type ClaimedJob = {
  readonly id: string;
  readonly tenantId: string;
  readonly kind: string;
  readonly fence: number;
  readonly retrySeconds: readonly number[] | null;
};

export type RenewedJob = Pick<ClaimedJob, 'id' | 'fence'> & { readonly isRenewed: boolean };

/** Which jobs there is room for on this replica. */
export type Room = {
  /** Of all kinds together. */
  readonly places: number;
  readonly kinds: readonly {
    readonly kind: string;
    readonly places: number;
    readonly total: number | null;
  }[];
};

export type Failure = {
  readonly outcome: Extract<JobOutcome, 'failed' | 'timed_out'>;
  readonly error: string;
  readonly step: string | undefined;
  readonly plan: readonly number[];
  /** The next attempt comes no sooner, whatever the plan says. */
  readonly waitMs: number;
};

/**
 * The statements that move jobs of all tenants from state to state. As the system role, which sees when and whose, and no payload.
 * Each carries the fencing token of the run, and changes nothing once another run has begun.
 */
@Injectable()
export class JobQueue {
  constructor(
    @InjectDataSource(SYSTEM_DATABASE) private readonly system: DataSource,
    private readonly registry: JobRegistry,
    private readonly replica: Replica,
    private readonly config: Config,
  ) {}

  /** Takes due jobs, by priority and time. One replica at a time does it, so that limits over all replicas are exact. */
  claim(room: Room): Promise<ClaimedJob[]> {
    const { kinds, places } = room;
    const names = kinds.map(({ kind }) => kind);
    const free = kinds.map((of) => of.places);
    const totals = kinds.map(({ total }) => total);
    const parameters = [this.replica.name, this.leaseSeconds, places, names, free, totals];
    return this.system.query<ClaimedJob[]>(CLAIM, parameters);
  }

  /** Milliseconds until the first of these kinds is due, negative when one is; null: none waits. */
  async dueInMs({ kinds }: Pick<Room, 'kinds'>): Promise<number | null> {
    const parameters = [kinds.map(({ kind }) => kind), kinds.map(({ total }) => total)];
    const [{ ms }] = await this.system.query<[{ ms: number | null }]>(DUE_IN, parameters);
    return ms;
  }

  /** @returns Those that are still this replica's. One whose row is locked is not renewed, and nobody takes it meanwhile. */
  renew(jobs: readonly ClaimedJob[]): Promise<RenewedJob[]> {
    return this.system.query<RenewedJob[]>(RENEW, [...idsAndFences(jobs), this.leaseSeconds]);
  }

  /** @returns Ids of those whose rows are locked: nothing was stored of them. */
  async complete(jobs: readonly ClaimedJob[]): Promise<ReadonlySet<string>> {
    // Elsewhere a job may have been waiting for the place that is free now.
    const isLimited = jobs.some(({ kind }) => this.registry.find(kind)?.concurrency?.total !== undefined);
    const parameters = [...idsAndFences(jobs), isLimited];
    const theirs = await this.system.query<{ id: string; isLocked: boolean }[]>(COMPLETE, parameters);
    return new Set(theirs.filter(({ isLocked }) => isLocked).map(({ id }) => id));
  }

  /** The next attempt by the plan, or the dead letter together with the job that tells of it. */
  async fail(job: ClaimedJob, { outcome, error, step, plan, waitMs }: Failure): Promise<void> {
    await this.system.transaction(async (manager) => {
      await manager.query(BRIEFLY);
      const parameters = [job.id, job.fence, plan, outcome, step ?? null, error, waitMs / 1000];
      const [ended] = await manager.query<{ state: string }[]>(FAIL, parameters);
      if (ended?.state === 'dead') await this.tellOfDead(manager, job);
    });
  }

  /** Tries again soon without an attempt. @returns False: it has been put off several times in a row, or is not this run's any more. */
  async putOff(job: ClaimedJob, { error, step }: Pick<Failure, 'error' | 'step'>): Promise<boolean> {
    const rows = await this.system.query<unknown[]>(PUT_OFF, [job.id, job.fence, step ?? null, error]);
    return rows.length > 0;
  }

  /** Puts jobs back as they were: nobody failed. */
  async release(jobs: readonly ClaimedJob[]): Promise<void> {
    await this.system.query(RELEASE, idsAndFences(jobs));
  }

  /**
   * Takes jobs back whose replica died or let the lease run out. A job that does so again and again without storing a step is dead.
   *
   * @param live The replicas that live, as of now or earlier: one that came later holds no job for long enough.
   */
  async reap(live: readonly LiveReplica[]): Promise<void> {
    await this.system.query(BRING_BACK, [this.leaseSeconds]);
    await this.system.query(NOTE_SINCE);
    await this.system.transaction(async (manager) => {
      const parameters = [
        LOST,
        this.leaseSeconds / 2,
        live.map(({ name }) => name),
        live.map(({ startedAt }) => startedAt.toISOString()),
      ];
      const ended = await manager.query<(Pick<ClaimedJob, 'id' | 'tenantId' | 'kind'> & { state: string })[]>(
        LOSE,
        parameters,
      );
      for (const job of ended.filter(({ state }) => state === 'dead')) await this.tellOfDead(manager, job);
    });
  }

  /** The clock went back: what was put off by it is due. */
  async bringBack(): Promise<void> {
    await this.system.query(DUE_NOW);
  }

  private get leaseSeconds(): number {
    return this.config.env.JOBS_LEASE_MS / 1000;
  }

  private async tellOfDead(
    manager: Pick<DataSource, 'query'>,
    { id, tenantId, kind }: Pick<ClaimedJob, 'id' | 'tenantId' | 'kind'>,
  ): Promise<void> {
    const whenDead = this.registry.find(kind)?.whenDead;
    if (whenDead === undefined) return;
    await manager.query(ENQUEUE, [newId(), tenantId, whenDead, JSON.stringify({ job_id: id })]);
  }
}

function idsAndFences(jobs: readonly ClaimedJob[]): [string[], number[]] {
  return [jobs.map(({ id }) => id), jobs.map(({ fence }) => fence)];
}
