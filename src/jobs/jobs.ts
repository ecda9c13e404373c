import type { EntityManager } from 'typeorm';

export type EnqueueOptions = {
  /** Whose job it is. @default the tenant of the running unit of work */
  readonly tenantId?: string;
  /** Not before so many seconds from now. @default 0 */
  readonly delaySeconds?: number;
  /** The smaller goes first, among jobs that are due. @default 0 */
  readonly priority?: number;
  /** Seconds before each further attempt. @default the tenant's setting for the kind, or what its author wrote */
  readonly retrySeconds?: readonly number[];
  /** At most one job of the tenant and kind has it: 1 to 200 characters. */
  readonly uniqueKey?: string;
  /** `open`: until that job is done or cancelled. `ever`: also after. @default 'open' */
  readonly uniqueFor?: 'open' | 'ever';
};

/** One of {@link Jobs.enqueueAll}. */
export type JobOfMany = Pick<EnqueueOptions, 'delaySeconds'> & {
  readonly payload: Readonly<Record<string, unknown>>;
};

/** `isNew` is false when another job has the unique key; then `id` is that one's, and nothing was made. */
export type Enqueued = { readonly id: string; readonly isNew: boolean };

/**
 * Durable jobs: inject it, and write handlers with `@Job`. That is all that features know of the engine; ours is
 * {@link PostgresJobs}, and docs/scaling.md says how another one takes its place.
 */
export abstract class Jobs {
  /**
   * Makes a job in the caller's transaction: it is there when that commits, and was never there when it does not.
   *
   * @param manager Of a transaction that belongs to the tenant.
   * @param kind Of a `@Job` handler.
   * @throws {Error} No handler, a payload that is not as the handler wants it, or one with a secret in it.
   */
  abstract enqueue(
    manager: EntityManager,
    kind: string,
    payload: Readonly<Record<string, unknown>>,
    options?: EnqueueOptions,
  ): Promise<Enqueued>;

  /**
   * Makes many jobs of one kind with one statement; otherwise as {@link Jobs.enqueue} without further options.
   *
   * @returns Their ids, in the order given.
   */
  abstract enqueueAll(
    manager: EntityManager,
    kind: string,
    jobs: readonly JobOfMany[],
    options?: Pick<EnqueueOptions, 'tenantId'>,
  ): Promise<string[]>;

  /**
   * Ends a job that waits or runs, in the caller's transaction. A run that is under way, on whatever replica, writes nothing any
   * more from the commit on, and its signal aborts.
   *
   * @returns False: it was not open.
   */
  abstract cancel(manager: EntityManager, id: string): Promise<boolean>;

  /**
   * Lets a job that is dead, cancelled or waits for its next attempt run at the commit, with its whole plan before it. Steps that
   * are done stay done.
   *
   * @returns False: there is no such job.
   */
  abstract retry(manager: EntityManager, id: string): Promise<boolean>;
}
