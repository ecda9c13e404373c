import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { newId } from '../platform/new-id.js';
import { toLogJson } from '../platform/secrets/redact.js';
import { currentScope } from '../platform/request-scope.js';
import { JOB_CHANNEL, cancelledMessage } from './job-channel.js';
import { JobRegistry } from './job-registry.js';
import { type Enqueued, type EnqueueOptions, type JobOfMany, Jobs } from './jobs.js';

const PAYLOAD_MAX_BYTES = 16_384;
const UNIQUE_KEY_MAX = 200;

/** Delivered on commit. Without a row made, nobody is woken. */
const INSERT = `WITH made AS (
    INSERT INTO jobs (id, tenant_id, kind, payload, priority, run_at, retry_seconds, unique_key, unique_for)
    VALUES ($1, $2, $3, $4, $5, clock_timestamp() + make_interval(secs => $6), $7, $8, $9)
    ON CONFLICT DO NOTHING RETURNING id)
  SELECT id, pg_notify('${JOB_CHANNEL}', '')::text FROM made`;
const INSERT_ALL = `WITH made AS (
    INSERT INTO jobs (id, tenant_id, kind, payload, run_at)
    SELECT id, $1, $2, payload::jsonb, clock_timestamp() + make_interval(secs => seconds)
    FROM unnest($3::uuid[], $4::text[], $5::float8[]) AS many(id, payload, seconds) RETURNING id)
  SELECT pg_notify('${JOB_CHANNEL}', '')::text FROM made LIMIT 1`;
const FIND = `SELECT id FROM jobs WHERE tenant_id = $1 AND kind = $2 AND unique_key = $3
    AND (unique_for = 'ever' OR state IN ('queued', 'running', 'dead'))`;
const CANCEL = `WITH open AS (SELECT id, state FROM jobs WHERE id = $1 AND state IN ('queued', 'running') FOR NO KEY UPDATE),
  ended AS (
    UPDATE jobs j SET state = 'cancelled', finished_at = now(), lease_until = NULL FROM open WHERE j.id = open.id
    RETURNING j.id, j.tenant_id, j.kind, j.fence, j.replica, j.started_at, open.state),
  noted AS (
    INSERT INTO job_attempts (job_id, number, tenant_id, outcome, replica, started_at)
    SELECT id, fence, tenant_id, 'cancelled', replica, started_at FROM ended WHERE state = 'running')
  SELECT id, tenant_id AS "tenantId", kind, pg_notify('${JOB_CHANNEL}', $2)::text FROM ended`;
const RETRY = `WITH again AS (
    UPDATE jobs SET state = 'queued', attempts = 0, losses = 0, finished_at = NULL, run_at = clock_timestamp()
    WHERE id = $1 AND state IN ('queued', 'dead', 'cancelled') RETURNING id)
  SELECT id, pg_notify('${JOB_CHANNEL}', '')::text FROM again`;

/** The port on our own tables: see {@link JobWorker} for who runs what is put here. */
@Injectable()
export class PostgresJobs extends Jobs {
  constructor(private readonly registry: JobRegistry) {
    super();
  }

  async enqueue(
    manager: EntityManager,
    kind: string,
    payload: Readonly<Record<string, unknown>>,
    options: EnqueueOptions = {},
  ): Promise<Enqueued> {
    const tenantId = tenantOf(kind, options);
    const {
      delaySeconds = 0,
      priority = 0,
      retrySeconds = null,
      uniqueKey = null,
      uniqueFor = 'open',
    } = options;
    if (uniqueKey !== null && (uniqueKey === '' || uniqueKey.length > UNIQUE_KEY_MAX))
      throw new Error(`The unique key of a job must have 1 to ${UNIQUE_KEY_MAX} characters`);
    const text = this.textOf(kind, payload);
    const id = newId();
    const whenAndHow = [priority, delaySeconds, retrySeconds, uniqueKey, uniqueFor];
    const made = await manager.query<unknown[]>(INSERT, [id, tenantId, kind, text, ...whenAndHow]);
    if (made.length > 0) return { id, isNew: true };
    const [other] = await manager.query<{ id: string }[]>(FIND, [tenantId, kind, uniqueKey]);
    // The one that was in the way ended between the two statements.
    return other ? { id: other.id, isNew: false } : this.enqueue(manager, kind, payload, options);
  }

  async enqueueAll(
    manager: EntityManager,
    kind: string,
    jobs: readonly JobOfMany[],
    options: Pick<EnqueueOptions, 'tenantId'> = {},
  ): Promise<string[]> {
    const tenantId = tenantOf(kind, options);
    const ids = jobs.map(() => newId());
    const texts = jobs.map(({ payload }) => this.textOf(kind, payload));
    const seconds = jobs.map(({ delaySeconds = 0 }) => delaySeconds);
    if (ids.length > 0) await manager.query(INSERT_ALL, [tenantId, kind, ids, texts, seconds]);
    return ids;
  }

  async cancel(manager: EntityManager, id: string): Promise<boolean> {
    const parameters = [id, cancelledMessage(id)];
    const [ended] = await manager.query<{ tenantId: string; kind: string }[]>(CANCEL, parameters);
    if (!ended) return false;
    const { tenantId, kind } = ended;
    const whenCancelled = this.registry.find(kind)?.whenCancelled;
    if (whenCancelled !== undefined) await this.enqueue(manager, whenCancelled, { job_id: id }, { tenantId });
    return true;
  }

  async retry(manager: EntityManager, id: string): Promise<boolean> {
    const again = await manager.query<unknown[]>(RETRY, [id]);
    return again.length > 0;
  }

  private textOf(kind: string, payload: Readonly<Record<string, unknown>>): string {
    const parsed = this.registry.get(kind).payload.safeParse(payload);
    if (!parsed.success) {
      const [{ path, message }] = parsed.error.issues;
      throw new Error(`The payload of a job '${kind}' is wrong at '${path.join('.')}': ${message}`);
    }
    const text = JSON.stringify(payload);
    if (Buffer.byteLength(text) > PAYLOAD_MAX_BYTES)
      throw new Error(
        `The payload of a job '${kind}' is larger than ${PAYLOAD_MAX_BYTES} bytes; give it ids`,
      );
    if (toLogJson(payload, PAYLOAD_MAX_BYTES) !== text)
      throw new Error(
        `The payload of a job '${kind}' holds what looks like a secret; give it the id of the row`,
      );
    return text;
  }
}

function tenantOf(kind: string, options: EnqueueOptions): string {
  const tenantId = options.tenantId ?? currentScope()?.tenantId;
  if (!tenantId) throw new Error(`A job '${kind}' must have a tenant: enqueue it inside inTenant(…)`);
  return tenantId;
}
