import { Injectable, Logger, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { DataSource } from 'typeorm';
import { messageOf } from '../platform/errors.js';
import { newId } from '../platform/new-id.js';
import { SYSTEM_DATABASE } from '../platform/database/system-database.js';
import { JOB_CHANNEL } from './job-channel.js';
import { type JobKind, JobRegistry } from './job-registry.js';

const LONGEST_WAIT_MS = 3_600_000;
const RETRY_DELAY_MS = 1000;

const NOW = 'SELECT (extract(epoch FROM clock_timestamp()) * 1000)::float8 AS "nowMs"';
/**
 * Whoever moves the schedule on makes the jobs of the slot; a kind that is new begins with the next one. A slot behind the next one was
 * taken by a clock that was ahead: it is not believed, or the schedule would stand still until then.
 */
const TAKE_SLOT = `WITH taken AS (
    INSERT INTO job_schedules AS s (kind, last_slot) VALUES ($1, $2)
    ON CONFLICT (kind) DO UPDATE SET last_slot = EXCLUDED.last_slot
      WHERE s.last_slot < EXCLUDED.last_slot OR s.last_slot > $3::timestamptz
    RETURNING xmax <> 0 AS "isDue")
  SELECT "isDue" FROM taken`;
const OWNERS = `SELECT id FROM tenants WHERE enabled AND removing_at IS NULL AND (is_operating OR $1::boolean)`;
const ENQUEUE = `WITH made AS (
    INSERT INTO jobs (id, tenant_id, kind, payload)
    SELECT id, tenant_id, $3, jsonb_build_object('slot', $4::text) FROM unnest($1::uuid[], $2::uuid[]) AS owners(id, tenant_id)
    RETURNING id)
  SELECT count(*), pg_notify('${JOB_CHANNEL}', '')::text FROM made`;

type Scheduled = JobKind & Required<Pick<JobKind, 'schedule'>>;

/**
 * Makes the jobs that have a schedule. Every replica watches the clock, the database's; one of them makes each slot's jobs, in the
 * transaction that moves the schedule on.
 */
@Injectable()
export class JobSchedules implements OnApplicationBootstrap, OnModuleDestroy {
  private readonly logger = new Logger(JobSchedules.name);
  private timer: NodeJS.Timeout | undefined;
  private looking: Promise<void> | undefined;
  private isStopping = false;

  constructor(
    @InjectDataSource(SYSTEM_DATABASE) private readonly system: DataSource,
    private readonly registry: JobRegistry,
  ) {}

  onApplicationBootstrap(): void {
    if (this.scheduled().length > 0) this.look();
  }

  async onModuleDestroy(): Promise<void> {
    this.isStopping = true;
    clearTimeout(this.timer);
    await this.looking;
  }

  private look(): void {
    this.looking = this.lookOnce();
  }

  private async lookOnce(): Promise<void> {
    let waitMs = RETRY_DELAY_MS;
    try {
      waitMs = await this.makeDue();
    } catch (error) {
      this.logger.warn(`Jobs with a schedule could not be made; trying again: ${messageOf(error)}`);
    }
    if (!this.isStopping) this.timer = setTimeout(() => this.look(), waitMs).unref();
  }

  /** @returns Milliseconds until there may be more to do. */
  private async makeDue(): Promise<number> {
    const [{ nowMs }] = await this.system.query<[{ nowMs: number }]>(NOW);
    let nextMs = nowMs + LONGEST_WAIT_MS;
    for (const kind of this.scheduled()) {
      const slot = kind.schedule.cron.latest(nowMs);
      const next = kind.schedule.cron.next(nowMs);
      if (slot !== undefined) await this.makeSlot(kind, timeText(slot), timeText(next ?? slot));
      nextMs = Math.min(nextMs, next ?? nextMs);
    }
    return Math.ceil(nextMs - nowMs);
  }

  private async makeSlot({ kind, schedule }: Scheduled, slot: string, next: string): Promise<void> {
    await this.system.transaction(async (manager) => {
      const [taken] = await manager.query<{ isDue: boolean }[]>(TAKE_SLOT, [kind, slot, next]);
      if (!taken?.isDue) return;
      const owners = await manager.query<{ id: string }[]>(OWNERS, [schedule.for === 'every_tenant']);
      const ids = owners.map(() => newId());
      await manager.query(ENQUEUE, [ids, owners.map(({ id }) => id), kind, slot]);
    });
  }

  private scheduled(): Scheduled[] {
    return this.registry.kinds().filter((kind): kind is Scheduled => kind.schedule !== undefined);
  }
}

function timeText(ms: number): string {
  return new Date(ms).toISOString();
}
