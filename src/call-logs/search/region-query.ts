import type { Position } from '../follow.js';
import type { Condition } from './call-filter.js';
import { byDay, later, type Span } from './times.js';

/** Records that the guide does not have yet, and the time before which there are none. */
export type Unmarked = { readonly after: Position; readonly from: Date };

/** A stretch of time that is read at once: all of it, or only the parts that the guide names and what it does not have yet. */
export type Region = {
  readonly span: Span;
  /** Newest first, none over another. */
  readonly parts?: readonly Span[];
  readonly unmarked?: Unmarked;
};

type Wanted = {
  readonly condition: Condition;
  /** SQL; `id` and `created_at AS "createdAt"` have to be among them. */
  readonly columns: string;
  /** Of the rest, SQL conditions of which each record fulfils one: an index gives the newest of each without sorting. */
  readonly alternatives?: readonly string[];
  /** Left out: all, for a cursor. */
  readonly limit?: number;
};

/**
 * One query for a region, newest first. Every SELECT in it has bounds of time that the planner knows, so that it looks at the
 * partitions of those days and no others: planning over ninety of them takes 10 ms, over one 0.3 ms.
 *
 * @returns undefined: there is nothing in it.
 */
export function regionQuery(
  region: Region,
  wanted: Wanted,
): { readonly sql: string; readonly parameters: unknown[] } | undefined {
  const writer = new QueryWriter(wanted);
  const branches = [...writer.marked(region), ...writer.unmarked(region)];
  if (branches.length === 0) return undefined;
  if (branches.length === 1) return { sql: branches[0], parameters: writer.parameters };
  const union = branches.map((branch) => `(${branch})`).join(' UNION ALL ');
  const sql = `SELECT * FROM (${union}) found ORDER BY "createdAt" DESC, id DESC${writer.limit}`;
  return { sql, parameters: writer.parameters };
}

class QueryWriter {
  readonly parameters: unknown[];
  readonly limit: string;

  constructor(private readonly wanted: Wanted) {
    this.parameters = [...wanted.condition.parameters];
    this.limit = wanted.limit === undefined ? '' : ` LIMIT ${wanted.limit}`;
  }

  marked({ span, parts }: Region): string[] {
    if (parts) return this.daysOf(parts).map(([day, own]) => this.within(day, own));
    const bounds = this.bounds(span);
    const { alternatives = ['true'] } = this.wanted;
    return alternatives.map((alternative) => this.select(`${bounds} AND ${alternative}`));
  }

  unmarked({ span, parts, unmarked }: Region): string[] {
    if (!parts || !unmarked || unmarked.from >= span.before) return [];
    const bounds = this.bounds({ from: later(span.from, unmarked.from), before: span.before });
    const { recordedIn, id } = unmarked.after;
    const isUnmarked = `(recorded_in, id) > (${this.add(recordedIn)}::bigint, ${this.add(id)}::uuid)`;
    if (parts.length === 0) return [this.select(`${bounds} AND ${isUnmarked}`)];
    const isInPart = `SELECT FROM ${this.spans(parts)} WHERE created_at >= from_at AND created_at < before_at`;
    return [this.select(`${bounds} AND ${isUnmarked} AND NOT EXISTS (${isInPart})`)];
  }

  private within(day: Span, parts: readonly Span[]): string {
    const inside = `${this.bounds(day)} AND created_at >= from_at AND created_at < before_at`;
    const list = this.spans(parts);
    return `SELECT calls.* FROM ${list} CROSS JOIN LATERAL (${this.select(inside)}) calls ${NEWEST_FIRST}${this.limit}`;
  }

  private select(also: string): string {
    const { columns, condition } = this.wanted;
    return `SELECT ${columns} FROM mcp_call_logs WHERE ${condition.sql} AND ${also}
      ORDER BY created_at DESC, id DESC${this.limit}`;
  }

  private bounds({ from, before }: Span): string {
    return `created_at >= ${this.time(from)} AND created_at < ${this.time(before)}`;
  }

  private spans(spans: readonly Span[]): string {
    const [from, before] = [
      this.add(spans.map((span) => span.from.toISOString())),
      this.add(spans.map((span) => span.before.toISOString())),
    ];
    return `unnest(${from}::timestamptz[], ${before}::timestamptz[]) AS part(from_at, before_at)`;
  }

  private daysOf(parts: readonly Span[]): [day: Span, parts: Span[]][] {
    const days = new Map<number, [day: Span, parts: Span[]]>();
    for (const part of parts) {
      for (const { day, piece } of byDay(part)) {
        const known = days.get(day.from.getTime());
        if (known) known[1].push(piece);
        else days.set(day.from.getTime(), [day, [piece]]);
      }
    }
    return [...days.values()];
  }

  private time(time: Date): string {
    return `${this.add(time.toISOString())}::timestamptz`;
  }

  private add(value: unknown): string {
    this.parameters.push(value);
    return `$${this.parameters.length}`;
  }
}

const NEWEST_FIRST = 'ORDER BY "createdAt" DESC, id DESC';
