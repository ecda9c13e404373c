import { Injectable, type OnModuleInit } from '@nestjs/common';
import { DiscoveryService, MetadataScanner } from '@nestjs/core';
import type { InstanceWrapper } from '@nestjs/core/injector/instance-wrapper.js';
import { DOMAIN_EVENTS } from '../platform/replicas/domain-events.js';
import { Cron } from './cron.js';
import type { JobContext } from './job-context.js';
import {
  DEFAULT_RETRY_SECONDS,
  DEFAULT_TIMEOUT_SECONDS,
  JobMetadata,
  type JobOptions,
} from './job.decorator.js';
import { messageOf } from '../platform/errors.js';

const KIND = /^[a-z0-9][a-z0-9_.-]{0,63}$/;
const NO_ID = '00000000-0000-4000-8000-000000000000';
export const RETRIES_MAX = 50;
export const RETRY_SECONDS_MAX = 604_800;
export const TIMEOUT_SECONDS_MAX = 86_400;

/** A kind of job with everything about it that its author left open filled in. */
export type JobKind = Omit<JobOptions, 'schedule'> & {
  readonly retrySeconds: readonly number[];
  readonly timeoutSeconds: number;
  readonly schedule?: { readonly cron: Cron; readonly for: 'installation' | 'every_tenant' };
  /** Names the method, for messages to the author. */
  readonly origin: string;
  readonly run: (payload: unknown, context: JobContext) => Promise<void>;
};

type Provider = Record<string, (payload: unknown, context: JobContext) => Promise<void>>;

/** Every kind of job this service can run. Complete once the modules are initialised. */
@Injectable()
export class JobRegistry implements OnModuleInit {
  private readonly byKind = new Map<string, JobKind>();

  constructor(
    private readonly discovery: DiscoveryService,
    private readonly scanner: MetadataScanner,
  ) {}

  /** @throws {Error} All that is wrong with the handlers, in one message. */
  onModuleInit(): void {
    const kinds = this.discovery.getProviders().flatMap((wrapper) => this.kindsOf(wrapper));
    const problems = kinds.flatMap((kind) => {
      const twin = this.byKind.get(kind.kind);
      this.byKind.set(kind.kind, kind);
      return [
        ...(twin
          ? [`Two handlers of jobs '${kind.kind}': ${twin.origin} and ${kind.origin}; rename one`]
          : []),
        ...problemsOf(kind),
      ];
    });
    for (const { kind, whenDead, whenCancelled } of kinds) {
      if (!this.isFit(whenDead))
        problems.push(
          `'${kind}' names '${whenDead}' for its dead letters, which has no handler of { job_id }`,
        );
      if (!this.isFit(whenCancelled))
        problems.push(
          `'${kind}' names '${whenCancelled}' for its cancelled jobs, which has no handler of { job_id }`,
        );
    }
    if (problems.length > 0)
      throw new Error(`Some jobs cannot be run:\n${problems.map((problem) => `  - ${problem}`).join('\n')}`);
  }

  /** Sorted by name. */
  kinds(): readonly JobKind[] {
    return [...this.byKind.values()].toSorted((a, b) => (a.kind < b.kind ? -1 : 1));
  }

  /** The events that begin a job. */
  events(): readonly string[] {
    return [...new Set(this.kinds().flatMap(({ on }) => on ?? []))];
  }

  startedBy(event: string): readonly JobKind[] {
    return this.kinds().filter(({ on }) => on === event);
  }

  find(kind: string): JobKind | undefined {
    return this.byKind.get(kind);
  }

  /** @throws {Error} Nobody handles it. */
  get(kind: string): JobKind {
    const found = this.byKind.get(kind);
    if (!found)
      throw new Error(`No handler of jobs '${kind}'; write a method with @Job({ kind: '${kind}' })`);
    return found;
  }

  private isFit(teller: string | undefined): boolean {
    if (teller === undefined) return true;
    return this.byKind.get(teller)?.payload.safeParse({ job_id: NO_ID }).success ?? false;
  }

  private kindsOf(wrapper: InstanceWrapper): JobKind[] {
    const provider = wrapper.instance as Provider | undefined;
    if (!provider || typeof provider !== 'object' || !wrapper.isDependencyTreeStatic()) return [];
    return this.scanner.getAllMethodNames(Object.getPrototypeOf(provider)).flatMap((method) => {
      const options = this.discovery.getMetadataByDecorator(JobMetadata, wrapper, method);
      return options ? [define(options, provider, method)] : [];
    });
  }
}

/** @throws {Error} Its schedule cannot be read. */
function define(options: JobOptions, provider: Provider, method: string): JobKind {
  const origin = `${provider.constructor.name}.${method}`;
  const { schedule, ...rest } = options;
  try {
    return {
      ...rest,
      retrySeconds: options.retrySeconds ?? DEFAULT_RETRY_SECONDS,
      timeoutSeconds: options.timeoutSeconds ?? DEFAULT_TIMEOUT_SECONDS,
      ...(schedule && { schedule: { for: schedule.for, cron: new Cron(schedule.at) } }),
      origin,
      run: (payload, context) => provider[method](payload, context),
    };
  } catch (cause) {
    throw new Error(`The schedule of jobs '${options.kind}' (${origin}): ${messageOf(cause)}`, {
      cause,
    });
  }
}

function isIn(value: number, min: number, max: number): boolean {
  return Number.isInteger(value) && value >= min && value <= max;
}

function problemsOf({ kind, origin, payload, ...options }: JobKind): string[] {
  const { retrySeconds, timeoutSeconds, concurrency = {}, schedule, on } = options;
  const isPlan =
    retrySeconds.length <= RETRIES_MAX &&
    retrySeconds.every((seconds) => isIn(seconds, 0, RETRY_SECONDS_MAX));
  const fields = on === undefined ? [] : DOMAIN_EVENTS[on];
  const event = payload.safeParse(Object.fromEntries(fields.map((field) => [field, NO_ID])));
  const sample = payload.safeParse({ slot: new Date(0).toISOString() });
  return [
    ...(KIND.test(kind) ? [] : ['is not a usable name; use 1 to 64 of a-z 0-9 _ . -']),
    ...(isPlan
      ? []
      : [`retrySeconds must be at most ${RETRIES_MAX} whole numbers of 0 to ${RETRY_SECONDS_MAX}`]),
    ...(isIn(timeoutSeconds, 1, TIMEOUT_SECONDS_MAX)
      ? []
      : [`timeoutSeconds must be 1 to ${TIMEOUT_SECONDS_MAX}`]),
    ...(Object.values(concurrency).every((most) => isIn(most, 1, 100_000))
      ? []
      : ['concurrency must be 1 or more']),
    ...(schedule && !sample.success
      ? ['has a schedule, so its payload must be { slot: z.iso.datetime() }']
      : []),
    ...(on !== undefined && !event.success
      ? [`begins on '${on}', so its payload must be content with { ${fields.join(', ')} }`]
      : []),
  ].map((problem) => `'${kind}' (${origin}): ${problem}`);
}
