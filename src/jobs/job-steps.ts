import type { DataSource, EntityManager } from 'typeorm';
import { toStorableJson } from '../platform/secrets/redact.js';
import { type JobContext, JobEndedError, type JobStepper } from './job-context.js';
import type { JobProgress } from './job.entity.js';
import type { ClaimedJob } from './job-queue.js';
import { cutText } from '../platform/cut-text.js';

const NAME = /^\P{C}{1,100}$/u;
const MESSAGE_MAX = 500;
const RESULT_MAX_BYTES = 262_144;

/** One statement: the result is stored when the run still has the job, or not at all. */
const STORE = `WITH held AS (
    UPDATE jobs SET losses = 0 WHERE id = $1 AND fence = $2 AND state = 'running' RETURNING id, tenant_id),
  stored AS (
    INSERT INTO job_steps (job_id, tenant_id, name, result, attempt, duration_ms)
    SELECT id, tenant_id, $3, $4, $2, $5 FROM held RETURNING job_id)
  SELECT job_id FROM stored`;
const PROGRESS = `WITH told AS (
    UPDATE jobs SET progress = $3 WHERE id = $1 AND fence = $2 AND state = 'running' RETURNING id)
  SELECT id FROM told`;
const READ = `SELECT payload,
    (SELECT coalesce(jsonb_agg(jsonb_build_object('name', name, 'isVoid', result IS NULL, 'result', result)), '[]')
     FROM job_steps WHERE job_id = j.id) AS steps
  FROM jobs j WHERE id = $1 AND fence = $2 AND state = 'running'`;

type StoredStep = { readonly name: string; readonly isVoid: boolean; readonly result: unknown };
type TransactionWork<T> = (manager: EntityManager) => Promise<T>;
type PlainWork<T> = (signal: AbortSignal) => Promise<T> | T;

/** What one run of a job reads and writes of its own rows, inside the tenant's unit of work. */
export class JobSteps {
  private readonly done = new Map<string, unknown>();
  private readonly used = new Set<string>();
  /** The first step that threw. */
  failed: string | undefined;

  constructor(
    private readonly dataSource: DataSource,
    private readonly job: ClaimedJob,
    private readonly signal: AbortSignal,
  ) {}

  /** @returns The payload. */
  async read(): Promise<unknown> {
    const { id, fence } = this.job;
    const rows = await this.dataSource.query<{ payload: unknown; steps: StoredStep[] }[]>(READ, [id, fence]);
    if (rows.length === 0) throw lost();
    for (const { name, isVoid, result } of rows[0].steps) this.done.set(name, isVoid ? undefined : result);
    return rows[0].payload;
  }

  readonly step: JobStepper = async <T>(
    name: string,
    work: PlainWork<T> | TransactionWork<T>,
    options?: { readonly transaction: true },
  ): Promise<T> => {
    if (!NAME.test(name))
      throw new Error('The name of a step must have 1 to 100 characters and no control characters');
    if (this.used.has(name)) throw new Error(`Two steps of this job are named '${name}'; rename one`);
    this.used.add(name);
    if (this.done.has(name)) return this.done.get(name) as T;
    this.signal.throwIfAborted();
    try {
      return await (options?.transaction
        ? this.doInTransaction(name, work as TransactionWork<T>)
        : this.doPlainly(name, work as PlainWork<T>));
    } catch (error) {
      this.failed ??= name;
      throw error;
    }
  };

  readonly progress: JobContext['progress'] = async (progress: JobProgress) => {
    const { id, fence } = this.job;
    const text = JSON.stringify({
      ...progress,
      message: progress.message && cutText(progress.message, MESSAGE_MAX),
    });
    const storable = toStorableJson(text);
    const told = await this.dataSource.query<unknown[]>(PROGRESS, [id, fence, storable]);
    if (told.length === 0) throw lost();
  };

  private async doPlainly<T>(name: string, work: PlainWork<T>): Promise<T> {
    const startedMs = performance.now();
    const result = await work(this.signal);
    return this.store(this.dataSource, { name, result, startedMs });
  }

  private doInTransaction<T>(name: string, work: TransactionWork<T>): Promise<T> {
    const startedMs = performance.now();
    return this.dataSource.transaction(async (manager) => {
      const result = await work(manager);
      // Last: until the commit it holds the job's row, which whoever renews, cancels or takes over waits for.
      return this.store(manager, { name, result, startedMs });
    });
  }

  private async store<T>(
    manager: Pick<DataSource, 'query'>,
    { name, result, startedMs }: { name: string; result: T; startedMs: number },
  ): Promise<T> {
    const json = JSON.stringify(result) as string | undefined;
    const text = json === undefined ? undefined : toStorableJson(json);
    if (text !== undefined && Buffer.byteLength(text) > RESULT_MAX_BYTES)
      throw new Error(
        `The result of step '${name}' is larger than ${RESULT_MAX_BYTES} bytes; store it and give its id`,
      );
    const { id, fence } = this.job;
    const durationMs = Math.round(performance.now() - startedMs);
    const stored = await manager.query<unknown[]>(STORE, [id, fence, name, text ?? null, durationMs]);
    if (stored.length === 0) throw lost();
    return (text === undefined ? undefined : JSON.parse(text)) as T;
  }
}

function lost(): JobEndedError {
  return new JobEndedError(
    'lost',
    'The job was cancelled, or another replica has it; nothing more is stored by this run',
  );
}
