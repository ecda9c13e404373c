import { Injectable, Logger } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { DataSource } from 'typeorm';
import { Config } from '../../platform/config.js';
import { SYSTEM_DATABASE } from '../../platform/database/system-database.js';
import { trustedNow } from '../../platform/database/trusted-clock.js';
import { dayOf, isLockTimeout, nextMonth, Partitions, withRetries } from './partitions.js';

const DAY_MS = 86_400_000;
/** Records that one transaction copies. */
const BATCH = 2000;
/** Of one run, once a minute: the rest of the time belongs to the calls. */
const RUN_MS = 20_000;
/** A default retention that is no longer has its turn first: it drops whole days, which costs next to nothing. */
const WAITS_FOR_RETENTION_DAYS = 180;

type Done =
  'none' | 'copied' | 'changed' | 'compared' | 'differs' | 'ready' | 'waits' | 'other days' | 'merged';

/**
 * Merges the days of a month that is long over into one partition. A log of years has a few dozen of them then, and not thousands.
 * Each step is a short transaction of its own, and the schema knows which are done (migration 1790029000000): whoever dies in the
 * middle leaves the rest to the next run, on any replica. Calls wait only while the month takes the place of its days.
 */
@Injectable()
export class MonthMergeJob {
  private readonly logger = new Logger(MonthMergeJob.name);

  constructor(
    @InjectDataSource(SYSTEM_DATABASE) private readonly system: DataSource,
    private readonly partitions: Partitions,
    private readonly config: Config,
  ) {}

  /** Until nothing is due or its time is over. @param isStopping Looked at between steps. */
  async run(isStopping: () => boolean = () => false): Promise<void> {
    const end = performance.now() + RUN_MS;
    while (performance.now() < end && !isStopping()) {
      if (!(await this.step().catch(unlessRead))) return;
    }
  }

  /** One transaction's worth. @returns Whether there may be more to do at once. */
  async step(): Promise<boolean> {
    if (this.config.env.CALL_LOG_MERGE_AFTER_DAYS === 0) return this.giveUp();
    const done = await this.call('go_on_with_call_log_merge($1)', [BATCH]);
    if (done === 'none') return this.begin();
    if (done === 'differs') {
      this.logger.error(
        'A month of the call log was copied and differs from its days; the copy is thrown away',
      );
      return this.giveUp();
    }
    if (done !== 'ready') return true;
    const ended = await withRetries(() => this.call('end_call_log_merge()'));
    if (ended === 'other days') return this.giveUp();
    if (ended === 'merged')
      this.logger.log('The days of a month of the call log were merged into one partition');
    return ended !== 'waits';
  }

  /** The oldest month that is due. */
  private async begin(): Promise<boolean> {
    const { CALL_LOG_MERGE_AFTER_DAYS: after, CALL_LOG_KEEP_DAYS: kept } = this.config.env;
    const days = kept <= WAITS_FOR_RETENTION_DAYS ? Math.max(after, kept + 1) : after;
    const due = dayOf((await trustedNow(this.system)).getTime() - days * DAY_MS);
    const months = Map.groupBy(await this.partitions.list(), (day) => day.replace(/\d\d$/, '01'));
    for (const [month, own] of months) {
      if (own.length < 2 || nextMonth(month) > due) continue;
      const values = [month];
      const [{ begun }] = await withRetries(() =>
        this.system.query<[{ begun: boolean }]>('SELECT begin_call_log_merge($1) AS begun', values),
      );
      if (begun) return true;
    }
    return false;
  }

  /** It begins anew with the next run. */
  private async giveUp(): Promise<boolean> {
    await withRetries(() => this.call('give_up_call_log_merge()'));
    return false;
  }

  private async call(what: string, values: unknown[] = []): Promise<Done> {
    const [{ done }] = await this.system.query<[{ done: Done }]>(`SELECT ${what} AS done`, values);
    return done;
  }
}

/** While somebody reads the log for long, the next run tries again. */
function unlessRead(error: unknown): false {
  if (isLockTimeout(error)) return false;
  throw error;
}
