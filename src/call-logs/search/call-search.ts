import { Injectable } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { DataSource } from 'typeorm';
import { CallLog } from '../call-log.entity.js';
import type { CallFilterDto } from '../call-logs.dto.js';
import { positionOf } from '../follow.js';
import { type Condition, conditionOf, marksFor } from './call-filter.js';

/** Without what was asked and answered: those can be large, and one call's own page shows them. */
export type CallSummary = Omit<CallLog, 'requestData' | 'responseData' | 'recordedIn'>;

/** Where a page ended: records before this one, in the order of (created_at, id), newest first. */
export type Before = { readonly at: Date; readonly id: string };
export type Search = { readonly filter: CallFilterDto; readonly before?: Before; readonly limit: number };

type Range = { readonly from: Date; readonly to: Date };
type Stretch = Range & { readonly id: string; readonly matches: boolean };

const LEFT_OUT = ['requestData', 'responseData', 'recordedIn', 'salt'];
const NEWEST_FIRST = 'ORDER BY created_at DESC, id DESC';
/** Stretches looked through at once: few at first, since a common filter finds its page in the newest ones. */
const ROUNDS = [8, 8, 32, 128];

/**
 * Finds calls by whatever they are filtered by, newest first. One property has an index of the records. For words, durations
 * and several properties at once the guide (`guide-job.ts`) names the stretches of time that have such records, and only
 * those are read; records that the guide does not have yet are read themselves. What comes of both is the same, only the time
 * it takes is not.
 */
@Injectable()
export class CallSearch {
  private readonly columns: string;

  constructor(@InjectDataSource() private readonly dataSource: DataSource) {
    this.columns = dataSource
      .getMetadata(CallLog)
      .columns.filter(({ propertyName }) => !LEFT_OUT.includes(propertyName))
      .map(({ databaseName, propertyName }) => `${databaseName} AS "${propertyName}"`)
      .join(', ');
  }

  async find(tenantId: string, { filter, before, limit }: Search): Promise<CallSummary[]> {
    const matching = () => {
      const condition = conditionOf(tenantId, filter);
      if (before)
        condition.and('created_at <= ? AND (created_at, id) < (?, ?)', before.at, before.at, before.id);
      return condition;
    };
    const marks = marksFor(tenantId, filter);
    if (!marks && filter.tool !== undefined && filter.success === undefined) {
      // The index of tools has the outcome before the time: of each outcome it gives the newest without sorting.
      const outcomes = ['success', 'NOT success'].map((outcome) =>
        this.select(matching().and(outcome), limit),
      );
      const [succeeded, failed] = await Promise.all(outcomes);
      return merge(succeeded, failed).slice(0, limit);
    }
    if (!marks) return this.select(matching(), limit);
    const position = await positionOf(this.dataSource, 'guide');
    const unmarked = matching().and(
      '(recorded_in, id) > (?::bigint, ?::uuid)',
      position.recordedIn,
      position.id,
    );
    const [fresh, marked] = await Promise.all([
      this.select(unmarked, limit),
      this.findMarked(matching, { filter, before, limit }, { tenantId, marks }),
    ]);
    return merge(fresh, marked).slice(0, limit);
  }

  private async findMarked(
    matching: () => Condition,
    { filter, before, limit }: Search,
    { tenantId, marks }: { tenantId: string; marks: number[] },
  ): Promise<CallSummary[]> {
    const found: CallSummary[] = [];
    const upper = before?.at ?? filter.to ?? END_OF_TIME;
    const lower = filter.from ?? new Date(0);
    let left: Range[] = [];
    let last: Stretch | undefined;
    for (let round = 0; found.length < limit; round += 1) {
      const atOnce = ROUNDS[Math.min(round, ROUNDS.length - 1)];
      const stretches = await this.stretches({ tenantId, marks, upper, lower, last, atOnce });
      last = stretches.at(-1);
      // Those that were not fetched end at or before the end of the last one: what is newer is complete now.
      const isLast = stretches.length < atOnce || last === undefined;
      const floor = isLast ? lower : new Date((last?.to.getTime() ?? 0) + 1);
      const open = [...left, ...stretches.filter(({ matches }) => matches)];
      const ranges = joined(open, { floor, upper });
      if (ranges.length > 0)
        found.push(...(await this.selectWithin(matching(), ranges, limit - found.length)));
      if (isLast) break;
      left = open
        .filter(({ from }) => from < floor)
        .map(({ from, to }) => ({ from, to: earlier(to, justBefore(floor)) }));
    }
    return found;
  }

  /** The newest ones whatever they have, for a common filter finds its page there; then those with the marks only. */
  private async stretches(sought: {
    tenantId: string;
    marks: number[];
    upper: Date;
    lower: Date;
    last: Stretch | undefined;
    atOnce: number;
  }): Promise<Stretch[]> {
    const { tenantId, upper, lower, atOnce, marks, last } = sought;
    if (!last) {
      return this.dataSource.query(
        `SELECT id, from_at AS "from", to_at AS "to", stale OR marks @> $5::integer[] AS matches FROM (
           SELECT * FROM call_log_guide WHERE tenant_id = $1 AND from_at <= $2 AND to_at >= $3
           ORDER BY to_at DESC, id DESC LIMIT $4) newest ORDER BY to_at DESC, id DESC`,
        [tenantId, upper, lower, atOnce, marks],
      );
    }
    return this.dataSource.query(
      `SELECT id, from_at AS "from", to_at AS "to", true AS matches FROM (
         SELECT * FROM find_call_log_stretches($5::integer[], $3, $2, $6, $7, $4)
         UNION ALL
         (SELECT id, from_at, to_at FROM call_log_guide WHERE tenant_id = $1 AND from_at <= $2 AND to_at >= $3 AND stale
            AND (to_at, id) < ($6, $7) ORDER BY to_at DESC, id DESC LIMIT $4)) both_kinds
       ORDER BY to_at DESC, id DESC LIMIT $4`,
      [tenantId, upper, lower, atOnce, marks, last.to, last.id],
    );
  }

  private select(condition: Condition, limit: number): Promise<CallSummary[]> {
    const { sql, parameters } = condition;
    return this.dataSource.query(
      `SELECT ${this.columns} FROM mcp_call_logs WHERE ${sql} ${NEWEST_FIRST} LIMIT ${limit}`,
      parameters,
    );
  }

  private async selectWithin(
    condition: Condition,
    ranges: readonly Range[],
    limit: number,
  ): Promise<CallSummary[]> {
    const own = condition.parameters.length;
    return this.dataSource.query(
      `SELECT found.* FROM unnest($${own + 1}::timestamptz[], $${own + 2}::timestamptz[]) AS stretch(from_at, to_at)
       CROSS JOIN LATERAL (SELECT ${this.columns} FROM mcp_call_logs WHERE ${condition.sql}
         AND created_at >= stretch.from_at AND created_at <= stretch.to_at ${NEWEST_FIRST} LIMIT ${limit}) found
       ORDER BY "createdAt" DESC, id DESC LIMIT ${limit}`,
      [
        ...condition.parameters,
        ranges.map(({ from }) => from.toISOString()),
        ranges.map(({ to }) => to.toISOString()),
      ],
    );
  }
}

const END_OF_TIME = new Date('9999-12-31T00:00:00Z');

/** Cut to what is to be read now, newest first, and none over another, so that each record is read once. */
function joined(open: readonly Range[], { floor, upper }: { floor: Date; upper: Date }): Range[] {
  const ranges: Range[] = [];
  for (const { from, to } of open.toSorted((a, b) => b.to.getTime() - a.to.getTime())) {
    const cut = { from: later(from, floor), to: earlier(to, upper) };
    if (cut.from > cut.to) continue;
    const last = ranges.at(-1);
    if (last && cut.to >= last.from)
      ranges[ranges.length - 1] = { from: earlier(cut.from, last.from), to: last.to };
    else ranges.push(cut);
  }
  return ranges;
}

function earlier(a: Date, b: Date): Date {
  return a < b ? a : b;
}

function later(a: Date, b: Date): Date {
  return a > b ? a : b;
}

/** A millisecond earlier; times of records have no smaller parts. */
function justBefore(time: Date): Date {
  return new Date(time.getTime() - 1);
}

/** Both newest first; a record that is in both counts once. */
function merge(some: readonly CallSummary[], others: readonly CallSummary[]): CallSummary[] {
  const byId = new Map([...some, ...others].map((call) => [call.id, call]));
  return [...byId.values()].toSorted(
    (a, b) => b.createdAt.getTime() - a.createdAt.getTime() || (a.id < b.id ? 1 : -1),
  );
}
