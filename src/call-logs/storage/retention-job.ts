import { Injectable, Logger } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { DataSource, type EntityManager } from 'typeorm';
import { tryLock } from '../../platform/database/advisory-locks.js';
import { SYSTEM_DATABASE } from '../../platform/database/system-database.js';
import { trustedNow } from '../../platform/database/trusted-clock.js';
import { Config } from '../../platform/config.js';
import { CallLogRemovals } from '../chain/removals.js';
import { forgetInGuide } from '../search/forget.js';
import type { Span } from '../search/times.js';
import { HOURS_KEPT_DAYS } from '../statistics/sums.js';
import { EntryPruning } from './entry-pruning.js';
import { dayOf, endOfDay, isLockTimeout, nextMonth, Partitions } from './partitions.js';

/** Records that one transaction deletes: short enough to hold nobody up. */
const BATCH = 2000;

/** What a group has in a partition; `expired`: all of it, `expiredDays`: those that have, of all or of some. */
type Holding = {
  readonly tenantId: string;
  readonly groupId: string;
  readonly expired: boolean;
  readonly expiredDays: readonly string[] | null;
};
/** How the partitions of a kind are asked for their holdings, and dropped. */
type Kind = { readonly holdings: string; readonly drop: string };
/** A partition: of a day, or of the days of a month; `day` is its first. */
type Part = Kind & Span & { readonly day: string };

const FORGET_HOURS = `DELETE FROM call_log_stats WHERE span = 'hour' AND starts_at < trusted_now() - interval '${HOURS_KEPT_DAYS} days'`;
const UNCOVERED = `SELECT count(*)::int AS uncovered FROM call_log_uncovered u
  JOIN mcp_call_logs l ON l.tenant_id = u.tenant_id AND l.created_at <= u.newest_at
  WHERE u.tenant_id = $1 AND l.group_id = $2 AND l.created_at >= $3 AND l.created_at < $4 AND l.writer_id IS NULL`;
const DAY: Kind = {
  holdings: `SELECT tenant_id AS "tenantId", group_id AS "groupId", expired, CASE WHEN expired THEN ARRAY[$1::date::text] END AS "expiredDays"
  FROM list_call_log_holdings($1::date, $2)`,
  drop: 'SELECT drop_call_log_partition($1, $2) AS dropped',
};
const MONTH: Kind = {
  holdings: `SELECT tenant_id AS "tenantId", group_id AS "groupId", expired, expired_days::text[] AS "expiredDays"
  FROM list_call_log_month_holdings($1, $2)`,
  drop: 'SELECT drop_call_log_month($1, $2) AS dropped',
};

/**
 * Removes the records that nobody keeps: the whole partition of a day or a month when all of it has expired, else what has, day by
 * day in small batches. A record stays for at least as many days as were set, until the end of a day of UTC. Sums in the
 * statistics stay. Before anything is deleted, a signed removal says so, in the same transaction.
 */
@Injectable()
export class RetentionJob {
  private readonly logger = new Logger(RetentionJob.name);

  constructor(
    @InjectDataSource(SYSTEM_DATABASE) private readonly system: DataSource,
    private readonly partitions: Partitions,
    private readonly removals: CallLogRemovals,
    private readonly pruning: EntryPruning,
    private readonly config: Config,
  ) {}

  async run(): Promise<void> {
    const now = await trustedNow(this.system);
    const today = dayOf(now.getTime());
    const cleared = new Set<string>();
    for (const day of await this.partitions.list()) {
      if (day >= today) continue;
      const part = { ...DAY, ...spanOf(day), day };
      for (const tenantId of await this.clear(part, now)) cleared.add(tenantId);
    }
    for (const month of await this.partitions.months()) {
      const before = spanOf(nextMonth(month)).from;
      const part = { ...MONTH, ...spanOf(month), before, day: month };
      for (const tenantId of await this.clear(part, now)) cleared.add(tenantId);
    }
    await this.pruning.prune(cleared);
    await this.system.query(FORGET_HOURS);
  }

  /**
   * Drops a partition when all of it has expired, else removes day by day what has.
   *
   * @returns Ids of the tenants whose records went.
   */
  private async clear(part: Part, now: Date): Promise<readonly string[]> {
    const holdings = await this.system.query<Holding[]>(part.holdings, [part.day, this.defaultDays]);
    const lastDay = dayOf(part.before.getTime() - 1);
    const isOver = holdings.every(({ expired }) => expired);
    if (isOver && (holdings.length > 0 || this.isPastDefault(lastDay, now)))
      await this.drop(part, holdings).catch(unlessForNow);
    else
      for (const holding of holdings)
        for (const day of holding.expiredDays ?? []) await this.removeWithin(day, holding);
    return holdings
      .filter(({ expired, expiredDays }) => expired || (expiredDays ?? []).length > 0)
      .map(({ tenantId }) => tenantId);
  }

  /** What has no records goes once the installation's default would have removed it, so that none stays for ever. */
  private isPastDefault(day: string, now: Date): boolean {
    return this.defaultDays !== null && day < dayOf(now.getTime() - this.defaultDays * 86_400_000);
  }

  private async drop(part: Part, holdings: readonly Holding[]): Promise<void> {
    const isDropped = await this.system.transaction(async (manager) => {
      if (!(await tryLock(manager, 'callLogReading'))) throw new KeptForNow('Somebody reads the whole log');
      for (const holding of holdings) await this.note(manager, part, holding);
      const values = [part.day, this.defaultDays];
      const [{ dropped }] = await manager.query<[{ dropped: boolean }]>(part.drop, values);
      if (!dropped) throw new KeptForNow(`The partition of ${part.day} is kept after all`); // takes the removals back
      return dropped;
    });
    if (isDropped)
      this.logger.log(
        `The call records from ${part.day} until ${dayOf(part.before.getTime() - 1)} were removed; nobody keeps them`,
      );
  }

  private async removeWithin(day: string, holding: Holding): Promise<void> {
    let removed = BATCH;
    for (let batch = 0; removed === BATCH; batch += 1) {
      removed = await this.system.transaction(async (manager) => {
        if (batch === 0) await this.note(manager, spanOf(day), holding);
        const [row] = await manager.query<[{ removed: number }]>(
          'SELECT remove_expired_call_logs($1, $2, $3, $4, $5) AS removed',
          [day, holding.tenantId, holding.groupId, this.defaultDays, BATCH],
        );
        return row.removed;
      });
    }
  }

  private async note(
    manager: EntityManager,
    { from, before }: Span,
    { tenantId, groupId }: Holding,
  ): Promise<void> {
    const [{ uncovered }] = await manager.query<[{ uncovered: number }]>(UNCOVERED, [
      tenantId,
      groupId,
      from,
      before,
    ]);
    await this.removals.recordRetention(manager, { tenantId, groupId, before, uncovered });
    await forgetInGuide(manager, { tenantId, from, before });
  }

  private get defaultDays(): number | null {
    return this.config.env.CALL_LOG_KEEP_DAYS === 0 ? null : this.config.env.CALL_LOG_KEEP_DAYS;
  }
}

function spanOf(day: string): Span {
  const before = endOfDay(day);
  return { from: new Date(before.getTime() - 86_400_000), before };
}

/** A record came late, or somebody decided to keep the day after all. */
class KeptForNow extends Error {}

/** Then, or while somebody reads the log for long, the next run tries again. */
function unlessForNow(error: unknown): void {
  if (!(error instanceof KeptForNow) && !isLockTimeout(error)) throw error;
}
