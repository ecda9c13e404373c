import { Injectable } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { DataSource } from 'typeorm';
import { endingOf } from '../../platform/ending.js';
import { UnavailableError } from '../../platform/errors.js';
import { inTenant } from '../../platform/request-scope.js';
import { CallLog } from '../chain/call-log.entity.js';
import type { CallFilterDto } from '../call-logs.dto.js';
import { approachOf, type Condition, conditionOf } from './call-filter.js';
import { beginningsOfPartitions } from '../storage/stretches.js';
import { Guide } from './guide.js';
import { type Region, regionQuery, type Unmarked } from './region-query.js';
import {
  BEGINNING_OF_TIME,
  DAY_MS,
  dayOf,
  DAYS_AT_ONCE,
  earlier,
  END_OF_TIME,
  growingSpans,
  later,
  type Span,
} from './times.js';

/** Without what was asked and answered: those can be large, and one call's own page shows them. */
export type CallSummary = Omit<CallLog, 'requestData' | 'responseData' | 'recordedIn'>;

/** Where a page ended: records before this one, in the order of (created_at, id), newest first. */
export type Before = { readonly at: Date; readonly id: string };
export type Search = { readonly filter: CallFilterDto; readonly before?: Before; readonly limit: number };
export type Found = {
  readonly calls: readonly CallSummary[];
  /** It took too long to look further back than this; what is older was not looked at. */
  readonly stoppedAt?: Before;
};

const LEFT_OUT = ['requestData', 'responseData', 'recordedIn', 'salt'];
/** After so long a page ends with what it has. */
const PATIENCE_MS = 5000;
/** After so long what is running is cancelled. */
const LIMIT_MS = 15_000;
const LOWEST_ID = '00000000-0000-0000-0000-000000000000';

/**
 * Finds calls by whatever they are filtered by, newest first. One property has an index of the records: the newest days are
 * read by it. For words, several properties at once and what the newest days do not have the guide (`guide-job.ts`) names the
 * parts of time that have such records, and only those are read; records that the guide does not have yet are read themselves.
 * What comes of it is the same, only the time it takes is not.
 */
@Injectable()
export class CallSearch {
  private readonly columns: string;
  private readonly guide: Guide;

  constructor(@InjectDataSource() private readonly dataSource: DataSource) {
    this.guide = new Guide(dataSource);
    this.columns = dataSource
      .getMetadata(CallLog)
      .columns.filter(({ propertyName }) => !LEFT_OUT.includes(propertyName))
      .map(({ databaseName, propertyName }) => `${databaseName} AS "${propertyName}"`)
      .join(', ');
  }

  /**
   * One page. What is rare in a log that the guide does not have yet can take long: then it ends early and says where.
   *
   * @param patienceMs After so long no further region is begun.
   * @throws {UnavailableError} Not even the first region could be read in time.
   */
  async find(tenantId: string, search: Search, patienceMs = PATIENCE_MS): Promise<Found> {
    const limit = AbortSignal.timeout(LIMIT_MS);
    const found: CallSummary[] = [];
    const startedMs = performance.now();
    let stoppedAt: Before | undefined;
    try {
      await inTenant(
        tenantId,
        async () => {
          for await (const { region, isLast } of this.regions(tenantId, search)) {
            found.push(
              ...(await this.read(tenantId, search, { region, limit: search.limit - found.length })),
            );
            if (found.length >= search.limit || isLast) return (stoppedAt = undefined);
            stoppedAt = { at: region.span.from, id: LOWEST_ID };
            if (performance.now() - startedMs > patienceMs) return stoppedAt;
          }
          return (stoppedAt = undefined);
        },
        endingOf(limit),
      );
    } catch (error) {
      if (!limit.aborted) throw error;
      if (!stoppedAt) throw new UnavailableError(TOO_LONG, { cause: error });
    }
    return { calls: found, ...(stoppedAt ? { stoppedAt } : {}) };
  }

  /** All of the time that is sought in, newest first, in pieces that can be read at once. */
  async *regions(
    tenantId: string,
    { filter, before }: Pick<Search, 'filter' | 'before'>,
  ): AsyncGenerator<{ readonly region: Region; readonly isLast: boolean }> {
    const span = spanOf(filter, before);
    const { marks, beginsDirectly } = approachOf(tenantId, filter);
    const [oldest = END_OF_TIME] = await beginningsOfPartitions(this.dataSource);
    const times = { now: new Date(), oldest };
    let rest = span;
    if (!marks || beginsDirectly) {
      for (const piece of growingSpans(span, times)) {
        yield { region: { span: piece }, isLast: piece.from <= span.from };
        rest = { from: span.from, before: piece.from };
        if (marks) break;
      }
    }
    if (!marks || rest.from >= rest.before) return;
    const unmarked = await this.guide.unmarked();
    for await (const marked of this.guide.regions({ tenantId, marks, span: rest })) {
      for (const region of readable(marked, unmarked, times))
        yield { region, isLast: region.span.from <= span.from };
    }
  }

  private async read(
    tenantId: string,
    { filter, before }: Search,
    { region, limit }: { region: Region; limit: number },
  ): Promise<CallSummary[]> {
    const query = regionQuery(region, {
      condition: matching(tenantId, filter, before),
      columns: this.columns,
      alternatives: approachOf(tenantId, filter).alternatives,
      limit,
    });
    return query ? this.dataSource.query<CallSummary[]>(query.sql, [...query.parameters]) : [];
  }
}

const TOO_LONG = 'The search took too long; narrow the time (from, to)';

/** What the records of a page or of an export fulfil. */
export function matching(tenantId: string, filter: CallFilterDto, before: Before | undefined): Condition {
  const condition = conditionOf(tenantId, filter);
  return before ? condition.and('(created_at, id) < (?, ?)', before.at, before.id) : condition;
}

/** Finite: a record at `infinity` has no time that a page could name. */
function spanOf({ from, to }: CallFilterDto, before: Before | undefined): Span {
  return {
    from: later(from ?? BEGINNING_OF_TIME, BEGINNING_OF_TIME),
    before: earlier(
      earlier(to ?? END_OF_TIME, END_OF_TIME),
      before ? new Date(before.at.getTime() + 1) : END_OF_TIME,
    ),
  };
}

/** In pieces that can be read in time, as far as records are read there that are not marked. */
function* readable(
  region: Region,
  unmarked: Unmarked,
  times: { readonly now: Date; readonly oldest: Date },
): Generator<Region> {
  const { from, before } = region.span;
  const floor = earlier(later(unmarked.from, from), before);
  for (const span of growingSpans({ from: floor, before }, times)) yield { ...cut(region, span), unmarked };
  if (floor > from) yield* inFewDays(cut(region, { from, before: floor }));
}

/** In pieces whose parts lie in so few days that one query can look at them. */
function* inFewDays(region: Region): Generator<Region> {
  const { from, before } = region.span;
  for (let upper = before; upper > from;) {
    const next = region.parts?.find((part) => part.from < upper);
    const top = next && earlier(next.before, upper);
    const floor = top ? later(from, new Date(dayOf(top.getTime() - 1) - (DAYS_AT_ONCE - 1) * DAY_MS)) : from;
    yield cut(region, { from: floor, before: upper });
    upper = floor;
  }
}

function cut({ parts = [] }: Region, span: Span): Region {
  const own = parts
    .map(({ from, before }) => ({ from: later(from, span.from), before: earlier(before, span.before) }))
    .filter(({ from, before }) => from < before);
  return { span, parts: own };
}
