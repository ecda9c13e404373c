import { DiscoveryService } from '@nestjs/core';
import type { z } from 'zod';
import type { DomainEventKind } from '../platform/replicas/domain-events.js';
import type { JobContext } from './job-context.js';

/** Seconds before the second, third and fourth attempt, where a kind says nothing else. */
export const DEFAULT_RETRY_SECONDS: readonly number[] = [5, 15, 60];
export const DEFAULT_TIMEOUT_SECONDS = 60;

/** A job that makes itself. Its payload is `{ slot }`: the time it was due, ISO 8601. */
export type JobSchedule = {
  /** When, in UTC: see {@link Cron}. Of times that nobody was there for, the last one is made up for. */
  readonly at: string;
  /** `installation`: one job, of the tenant that runs it. `every_tenant`: one for each tenant that is active. */
  readonly for: 'installation' | 'every_tenant';
};

export type JobOptions<Payload extends z.ZodObject = z.ZodObject> = {
  /** Unique in the service, `<feature>.<verb>`; `[a-z0-9_.-]`, 1 to 64 characters. */
  readonly kind: string;
  /** For operators: what it does. */
  readonly description: string;
  /** Ids and the like; never a secret. */
  readonly payload: Payload;
  /** Seconds before each further attempt; `[]`: there is one attempt. @default DEFAULT_RETRY_SECONDS */
  readonly retrySeconds?: readonly number[];
  /** Of one run. @default DEFAULT_TIMEOUT_SECONDS */
  readonly timeoutSeconds?: number;
  /** How many may run at a time. @default as many as `JOBS_CONCURRENCY` allows each replica */
  readonly concurrency?: { readonly perReplica?: number; readonly total?: number };
  readonly schedule?: JobSchedule;
  /** Makes one job of each such event, with the event's payload, once the event is committed: see `storeEvent`. */
  readonly on?: DomainEventKind;
  /** Kind of the job that is made, in the same transaction, when one of these is dead. Its payload is `{ job_id }`. */
  readonly whenDead?: string;
  /** As `whenDead`, when one is cancelled. */
  readonly whenCancelled?: string;
};

/** Where the registry finds the options of a decorated method. */
export const JobMetadata = DiscoveryService.createDecorator<JobOptions>();

/**
 * Makes a method of a Nest provider the handler of a kind of job. It is called with `(payload, context)` inside the tenant's
 * unit of work; when it returns, the job is done, when it throws, the attempt has failed. It may be run more than once: what must
 * happen once belongs into a step (see {@link JobContext.step}).
 *
 * @example
 * ```ts
 * @Job({
 *   kind: 'automation.greet', description: 'Greets a customer who registered',
 *   payload: z.object({ user_id: z.uuid() }),
 * })
 * async greet({ user_id }: { user_id: string }, context: JobContext) {
 *   const text = await context.step('ask', (signal) => this.agent.ask(user_id, signal));
 *   await context.step('store', (manager) => this.messages.store(manager, user_id, text), { transaction: true });
 * }
 * ```
 */
export function Job<Payload extends z.ZodObject>(options: JobOptions<Payload>) {
  type Method = (payload: z.output<Payload>, context: JobContext) => Promise<void>;
  return <M extends Method>(target: object, key: string, descriptor: TypedPropertyDescriptor<M>): void => {
    JobMetadata(options as unknown as JobOptions)(target, key, descriptor as PropertyDescriptor);
  };
}
