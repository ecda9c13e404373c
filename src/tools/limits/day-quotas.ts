import { Injectable, Logger, type OnApplicationShutdown } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { DataSource } from 'typeorm';
import { agreedNowMs } from '../../platform/agreed-time.js';
import { UnavailableError, messageOf } from '../../platform/errors.js';
import { inTenant } from '../../platform/request-scope.js';
import { type LimitRefusal, type LimitScope, rateRefusal } from '../../access/call-limits.js';

const DAY_MS = 86_400_000;
/** A replica takes this share of a quota at once, so that large quotas cost a statement only now and then. */
const SHARE = 1000;
const RESERVE_MAX = 1000;
const KEPT_DAYS = 7;
/** A replica that stops gives back what it had reserved, so a spent quota is asked for again. */
const BELIEVED_MS = 10_000;

/** As many as asked for, or none: what is left at the end is taken one by one, so the quota is met exactly. */
const RESERVE = `INSERT INTO call_quota_uses AS q (tenant_id, scope, day, used)
  SELECT $1, $2, $3::date, $4::bigint WHERE $4::bigint <= $5::bigint
  ON CONFLICT (tenant_id, scope, day) DO UPDATE SET used = q.used + $4::bigint WHERE q.used + $4::bigint <= $5::bigint
  RETURNING used`;
const GIVE_BACK = `UPDATE call_quota_uses SET used = greatest(0, used - $4::bigint)
  WHERE tenant_id = $1 AND scope = $2 AND day = $3::date`;
const FORGET = `DELETE FROM call_quota_uses WHERE tenant_id = $1 AND day < (trusted_now() AT TIME ZONE 'UTC')::date - ${KEPT_DAYS}`;

/** Calls that this replica has reserved of one quota and not yet given out. */
type Reserve = {
  readonly tenantId: string;
  readonly day: string;
  left: number;
  /** It was not asked for yet, so what is old may still lie there. */
  isNew: boolean;
  /** Nothing was left in the database when it was last asked: under which limit, and until when that is believed. */
  spent: { readonly quota: number; readonly untilMs: number } | undefined;
  asking: Promise<void> | undefined;
};

/**
 * Calls a day (UTC, by the clock that all replicas share), counted over all of them in Postgres. Each replica reserves a few ahead. Never more than the quota is given out;
 * what a killed replica had reserved is lost for that day, at most a thousandth of the quota.
 */
@Injectable()
export class DayQuotas implements OnApplicationShutdown {
  private readonly logger = new Logger(DayQuotas.name);
  private readonly reserves = new Map<string, Reserve>();
  private today = '';
  private todayEndsAt = 0;

  constructor(@InjectDataSource() private readonly dataSource: DataSource) {}

  /**
   * Takes a call of every scope that has a quota, or of none.
   *
   * @throws {UnavailableError} The database did not answer; without it nothing is given out.
   */
  take(scopes: readonly LimitScope[]): Promise<LimitRefusal | undefined> | undefined {
    const limited = scopes.filter(({ limits }) => limits.per_day !== undefined);
    if (limited.length === 0) return undefined;
    const reserves = limited.map((scope) => this.reserveOf(scope));
    if (reserves.some(({ left }) => left === 0)) return this.takeOfAll(limited);
    for (const reserve of reserves) reserve.left--;
    return undefined;
  }

  private async takeOfAll(scopes: readonly LimitScope[]): Promise<LimitRefusal | undefined> {
    const taken: Reserve[] = [];
    let isLetIn = false;
    try {
      for (const scope of scopes) {
        const { per_day: quota } = scope.limits;
        if (quota === undefined) continue;
        const reserve = await this.takeOne(scope, quota);
        if (!reserve) return rateRefusal(scope.subject, quota, 'day', DAY_MS - (agreedNowMs() % DAY_MS));
        taken.push(reserve);
      }
      isLetIn = true;
      return undefined;
    } finally {
      if (!isLetIn) for (const reserve of taken) reserve.left++;
    }
  }

  /** What was reserved and not used is for the other replicas. */
  async onApplicationShutdown(): Promise<void> {
    const reserves = [...this.reserves];
    this.reserves.clear();
    for (const [scope, { tenantId, day, left }] of reserves) {
      if (left === 0) continue;
      await inTenant(tenantId, () => this.dataSource.query(GIVE_BACK, [tenantId, scope, day, left])).catch(
        (error: unknown) => this.logger.warn(`Reserved calls could not be given back: ${messageOf(error)}`),
      );
    }
  }

  private async takeOne(scope: LimitScope, quota: number): Promise<Reserve | undefined> {
    for (;;) {
      const reserve = this.reserveOf(scope);
      if (reserve.left > 0) {
        reserve.left--;
        return reserve;
      }
      if (reserve.spent?.quota === quota && performance.now() < reserve.spent.untilMs) return undefined;
      reserve.asking ??= this.refill(scope, quota, reserve).finally(() => (reserve.asking = undefined));
      await reserve.asking;
    }
  }

  private reserveOf({ id, tenantId }: LimitScope): Reserve {
    const day = this.day();
    let reserve = this.reserves.get(id);
    if (!reserve) {
      reserve = { tenantId, day, left: 0, isNew: true, spent: undefined, asking: undefined };
      this.reserves.set(id, reserve);
    }
    return reserve;
  }

  /** A new day begins with new reserves. */
  private day(): string {
    const now = agreedNowMs();
    if (now >= this.todayEndsAt || now < this.todayEndsAt - DAY_MS) {
      this.todayEndsAt = (Math.floor(now / DAY_MS) + 1) * DAY_MS;
      this.today = new Date(now).toISOString().slice(0, 10);
      this.reserves.clear();
    }
    return this.today;
  }

  private async refill(scope: LimitScope, quota: number, reserve: Reserve): Promise<void> {
    const share = Math.min(RESERVE_MAX, Math.max(1, Math.floor(quota / SHARE)));
    try {
      const granted =
        (await this.ask(scope, quota, reserve, share)) ||
        (share > 1 && (await this.ask(scope, quota, reserve, 1)));
      if (granted) reserve.left += granted;
      else reserve.spent = { quota, untilMs: performance.now() + BELIEVED_MS };
      if (!reserve.isNew) return;
      await inTenant(scope.tenantId, () => this.dataSource.query(FORGET, [scope.tenantId]));
      reserve.isNew = false;
    } catch (cause) {
      throw new UnavailableError(
        'The daily quota could not be asked for, so the call was not run. Try again in a few seconds.',
        { cause },
      );
    }
  }

  private async ask(scope: LimitScope, quota: number, { day }: Reserve, calls: number): Promise<number> {
    const parameters = [scope.tenantId, scope.id, day, calls, quota];
    const rows = await inTenant(scope.tenantId, () => this.dataSource.query<unknown[]>(RESERVE, parameters));
    return rows.length > 0 ? calls : 0;
  }
}
