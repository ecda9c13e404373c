import { setTimeout as pause } from 'node:timers/promises';
import { Injectable, Logger } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { DataSource, QueryFailedError } from 'typeorm';
import { SYSTEM_DATABASE } from '../../platform/database/system-database.js';

const DAY_MS = 86_400_000;
/** So long may the job fail before records go to the default partition. */
const DAYS_AHEAD = 7;
const ATTEMPTS = 10;
const PAUSE_MS = 100;
const LOCK_NOT_AVAILABLE = '55P03';

/**
 * The partitions of `mcp_call_logs`, one for each day of UTC; of days long over one for each month (`MonthMergeJob`). Making and dropping them is the schema owner's; the functions of
 * migration 1790000900000 do exactly that for the system role.
 */
@Injectable()
export class Partitions {
  private readonly logger = new Logger(Partitions.name);

  constructor(@InjectDataSource(SYSTEM_DATABASE) private readonly system: DataSource) {}

  /** Those of yesterday until a week ahead, and of every day of which the default partition has a record. */
  async makeAhead(): Promise<void> {
    const today = Date.now();
    const wanted = Array.from({ length: DAYS_AHEAD + 2 }, (_, day) => dayOf(today + (day - 1) * DAY_MS));
    const made = new Set(await this.list());
    const stray = await this.days('list_stray_call_log_days()');
    for (const day of new Set([...wanted, ...stray])) {
      if (!made.has(day)) await this.make(day);
    }
  }

  /** Days as `2026-01-31`, oldest first. */
  list(): Promise<readonly string[]> {
    return this.days('list_call_log_partitions()');
  }

  /** Months that days were merged into, by their first day, oldest first. */
  months(): Promise<readonly string[]> {
    return this.days('list_call_log_months()');
  }

  private async make(day: string): Promise<void> {
    const moved = await withRetries(async () => {
      const [row] = await this.system.query<[{ moved: string | null }]>(
        'SELECT make_call_log_partition($1) AS moved',
        [day],
      );
      return row.moved;
    });
    if (moved !== null && moved !== '0')
      this.logger.warn(
        `The partition of ${day} was not made in time; ${moved} records were moved into it from the default one`,
      );
  }

  private async days(source: string): Promise<readonly string[]> {
    const rows = await this.system.query<{ day: string }[]>(`SELECT day::text FROM ${source} AS day`);
    return rows.map(({ day }) => day);
  }
}

/** The day of UTC that a time belongs to, as `2026-01-31`. */
export function dayOf(ms: number): string {
  return new Date(ms).toISOString().slice(0, 10);
}

/** The first day of the month after that of a day. */
export function nextMonth(day: string): string {
  const at = new Date(day);
  return dayOf(Date.UTC(at.getUTCFullYear(), at.getUTCMonth() + 1, 1));
}

/** When the day after begins. */
export function endOfDay(day: string): Date {
  return new Date(Date.parse(`${day}T00:00:00Z`) + DAY_MS);
}

/** Whoever reads for longer than the lock timeout of a function is in its way; the next attempt meets a shorter one. */
export async function withRetries<T>(work: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await work();
    } catch (error) {
      if (!isLockTimeout(error) || attempt === ATTEMPTS) throw error;
      await pause(attempt * PAUSE_MS); // calls that were waiting behind it go first
    }
  }
}

/** Somebody read for longer than the functions wait. */
export function isLockTimeout(error: unknown): boolean {
  if (!(error instanceof QueryFailedError)) return false;
  return (error.driverError as { code?: string }).code === LOCK_NOT_AVAILABLE;
}
