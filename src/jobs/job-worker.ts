import {
  Injectable,
  Logger,
  type OnApplicationBootstrap,
  type OnModuleDestroy,
  type OnModuleInit,
} from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { DataSource } from 'typeorm';
import { messageOf } from '../platform/errors.js';
import { ChangeBus } from '../platform/replicas/change-bus.js';
import { ChangeConnection } from '../platform/replicas/change-connection.js';
import { listLiveReplicas } from '../platform/replicas/live-replicas.js';
import { EVENT_CHANNEL } from '../platform/replicas/domain-events.js';
import { redactText } from '../platform/secrets/redact.js';
import { Config } from '../platform/config.js';
import { EventPickup } from './event-pickup.js';
import { JOB_CHANNEL, cancelledJobIn } from './job-channel.js';
import { JobOutcomes } from './job-outcomes.js';
import { type ClaimedJob, JobQueue, type Room } from './job-queue.js';
import { JobRegistry } from './job-registry.js';
import { JobRun } from './job-run.js';
import { JobSettings } from './job-settings.js';

const BEATS_PER_LEASE = 3;
/** setTimeout takes no more; it only means another look. */
const LONGEST_WAIT_MS = 3_600_000;
/** A job that is due and cannot be claimed is locked by a transaction of somebody else's. */
const LOCKED_WAIT_MS = 100;
const DATABASE_AWAY_MS = 500;

/**
 * Runs jobs on this replica, as many at a time as `JOBS_CONCURRENCY` and their kinds allow. It looks for work when it is told of
 * some (NOTIFY), when a run ends and when the next job is due; it does not poll. Each run has a lease that is renewed three
 * times in its length: a replica that hangs loses its jobs to the others when it runs out, one that died when half of it has.
 */
@Injectable()
export class JobWorker implements OnModuleInit, OnApplicationBootstrap, OnModuleDestroy {
  private readonly logger = new Logger(JobWorker.name);
  private readonly running = new Set<JobRun>();
  private readonly ends = new Set<Promise<void>>();
  private readonly connection: ChangeConnection;
  private readonly leaseMs: number;
  private beat: NodeJS.Timeout | undefined;
  private timer: NodeJS.Timeout | undefined;
  private looking: Promise<void> | undefined;
  private isLookWanted = false;
  private isRenewing = false;
  private isFailing = false;
  private draining: Promise<void> | undefined;

  constructor(
    private readonly registry: JobRegistry,
    private readonly queue: JobQueue,
    private readonly outcomes: JobOutcomes,
    private readonly settings: JobSettings,
    private readonly events: EventPickup,
    private readonly changeBus: ChangeBus,
    private readonly config: Config,
    @InjectDataSource() private readonly dataSource: DataSource,
  ) {
    this.leaseMs = config.env.JOBS_LEASE_MS;
    this.connection = new ChangeConnection({
      url: config.databaseUrls.app,
      channels: [JOB_CHANNEL, EVENT_CHANNEL],
      timeoutMs: this.leaseMs,
      onNotification: (channel, message) =>
        channel === EVENT_CHANNEL ? this.events.look() : this.hear(message),
      onConnected: async () => this.lookForAll(),
    });
  }

  onModuleInit(): void {
    this.changeBus.subscribe('tenant', async () => this.lookForAll()); // one that was suspended may be back
  }

  async onApplicationBootstrap(): Promise<void> {
    if (this.config.env.JOBS_CONCURRENCY === 0) return;
    await this.changeBus.ready; // it begins before us, as every global module; a plan of a tenant's must be known
    this.beat = setInterval(() => void this.keepLeases(), this.leaseMs / BEATS_PER_LEASE).unref();
    await this.connection.open();
  }

  /** Begins to stop: takes no new job. */
  drain(): Promise<void> {
    this.draining ??= this.finish(this.config.env.SHUTDOWN_GRACE_MS);
    return this.draining;
  }

  /** Before anything that handlers use is taken down. */
  async onModuleDestroy(): Promise<void> {
    await this.drain();
  }

  /** What still runs after the grace is put back: another replica begins it anew, without a failed attempt. */
  private async finish(graceMs: number): Promise<void> {
    clearTimeout(this.timer);
    await this.events.stop();
    await this.looking;
    const cut = setTimeout(() => {
      for (const run of this.running) run.end('released');
    }, graceMs);
    while (this.ends.size > 0) await Promise.all(this.ends);
    clearTimeout(cut);
    clearInterval(this.beat);
    await this.connection.close();
  }

  private hear(message: string): void {
    const cancelled = cancelledJobIn(message);
    if (cancelled === undefined) return this.look();
    for (const run of this.running) if (run.job.id === cancelled) run.end('lost');
    this.look(); // it may have held the last place of its kind
  }

  private lookForAll(): void {
    if (!this.connection.isOpen) return; // not begun yet, or to come with the connection
    this.look();
    this.events.look();
  }

  private look(): void {
    this.isLookWanted = true;
    if (this.draining) return;
    this.looking ??= this.lookWhileWanted().finally(() => {
      this.looking = undefined;
      if (this.isLookWanted) this.look(); // wanted while it was coming to its end
    });
  }

  private async lookWhileWanted(): Promise<void> {
    clearTimeout(this.timer);
    let waitMs: number | null = null;
    try {
      while (this.isLookWanted && !this.draining) {
        this.isLookWanted = false;
        waitMs = await this.takeJobs();
      }
      this.isFailing = false;
    } catch (error) {
      if (!this.isFailing)
        this.logger.warn(`Jobs cannot be claimed; trying again: ${redactText(messageOf(error))}`);
      this.isFailing = true;
      waitMs = DATABASE_AWAY_MS;
    }
    if (this.draining || waitMs === null) return;
    this.timer = setTimeout(() => this.look(), Math.min(waitMs, LONGEST_WAIT_MS)).unref();
  }

  /** @returns Milliseconds until the next job is due; null: there is no need to look before something happens. */
  private async takeJobs(): Promise<number | null> {
    const room = this.room();
    if (room.places === 0 || room.kinds.length === 0) return null;
    const sentAtMs = performance.now();
    const claimed = await this.queue.claim(room);
    for (const job of claimed) this.begin(job, sentAtMs);
    if (claimed.length === room.places) return null;
    const dueInMs = await this.queue.dueInMs(this.room());
    // A millisecond more: a timer may be that early, and a job is never.
    return dueInMs === null ? null : dueInMs <= 0 ? LOCKED_WAIT_MS : Math.ceil(dueInMs) + 1;
  }

  private room(): Room {
    const places = this.config.env.JOBS_CONCURRENCY - this.running.size;
    const kinds = this.registry
      .kinds()
      .map(({ kind, concurrency: { perReplica = Infinity, total = null } = {} }) => {
        const own = perReplica === Infinity ? 0 : this.countOf(kind);
        return { kind, places: Math.min(places, perReplica - own), total };
      });
    return { places, kinds: kinds.filter((kind) => kind.places > 0) };
  }

  private countOf(kind: string): number {
    return [...this.running].filter(({ job }) => job.kind === kind).length;
  }

  private begin(job: ClaimedJob, sentAtMs: number): void {
    const kind = this.registry.get(job.kind);
    const { timeoutSeconds } = this.settings.planOf(job.tenantId, kind);
    const leaseUntilMs = sentAtMs + this.leaseMs;
    const run = new JobRun(job, { kind, timeoutSeconds, leaseUntilMs, dataSource: this.dataSource });
    this.running.add(run);
    const end = this.carryOut(run)
      // Its lease runs out, then. A job must not end the process.
      .catch((error: unknown) => this.logger.error(`The end of job ${job.id} got lost: ${typeof error}`))
      .finally(() => {
        this.ends.delete(end);
        this.running.delete(run);
        this.look();
      });
    this.ends.add(end);
  }

  private async carryOut(run: JobRun): Promise<void> {
    const result = await run.run();
    await this.outcomes.store(run.job, result, { isStopping: () => this.draining !== undefined });
  }

  private async keepLeases(): Promise<void> {
    for (const run of this.running) if (run.leaseUntilMs < performance.now()) run.end('lost');
    if (this.isRenewing) return;
    this.isRenewing = true;
    try {
      await this.renew();
      await this.queue.reap(await listLiveReplicas(this.dataSource, this.config.env.REPLICA_LEASE_MS));
    } catch (error) {
      this.logger.debug(`The leases of jobs could not be renewed: ${messageOf(error)}`);
    } finally {
      this.isRenewing = false;
    }
  }

  /** A run whose lease is not renewed belongs to somebody else, or was cancelled. */
  private async renew(): Promise<void> {
    const runs = [...this.running];
    if (runs.length === 0) return;
    const sentAtMs = performance.now();
    const kept = await this.queue.renew(runs.map(({ job }) => job));
    const byId = new Map(kept.map((job) => [job.id, job]));
    for (const run of runs) {
      const { fence, isRenewed } = byId.get(run.job.id) ?? {};
      if (fence !== run.job.fence) run.end('lost');
      else if (isRenewed) run.leaseUntilMs = sentAtMs + this.leaseMs;
    }
  }
}
