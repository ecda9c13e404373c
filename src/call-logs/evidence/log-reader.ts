import type { Client } from 'pg';
import { DAY_MS, type Span } from '../search/times.js';
import { beginningsOfPartitions, stretchesOf } from '../storage/stretches.js';

/** After so many days of records a transaction ends, and with it the locks on their partitions. */
const DAYS_LOCKED_MAX = 48;
/** Records that are looked up in one statement lie within so many days. */
const DAYS_AT_ONCE = 16;

/** A record by the bytes of its id and its time in milliseconds, as a batch names it. */
export type Named = { readonly id: string; readonly atMs: number };

/**
 * One moment of the database, in which the records are read in many short transactions. One transaction over the log of years would
 * hold locks on every partition, more than the server has room for.
 */
export class LogReader {
  private daysLocked = 0;
  private stretches: readonly Span[] | undefined;

  private constructor(
    /** Holds the moment: for all that is not partitioned. */
    readonly holder: Client,
    private readonly reader: Client,
    private readonly name: string,
  ) {}

  /** @param holder In a transaction that is REPEATABLE READ. */
  static async take(holder: Client, reader: Client): Promise<LogReader> {
    const { rows } = await holder.query<{ name: string }>('SELECT pg_export_snapshot() AS name');
    const snapshot = new LogReader(holder, reader, rows[0].name);
    await snapshot.begin();
    return snapshot;
  }

  async end(): Promise<void> {
    await this.reader.query('COMMIT');
  }

  /**
   * Looks records up by the keys that their batches name.
   *
   * @param sql With the ids as $1, the times as $2 and their bounds as $3 and $4, then `values`. Row by row as arrays of text, the
   *   first of which is the place in $1, from 1.
   * @returns Rows by the place of their record in `named`, from 0. What has no time is not there.
   */
  async lookUp<Row extends readonly (string | null)[]>(
    { name, sql }: { readonly name: string; readonly sql: string },
    named: readonly Named[],
    values: readonly unknown[],
  ): Promise<ReadonlyMap<number, Row>> {
    const found = new Map<number, Row>();
    const places = [...named.keys()].filter((place) => isTime(named[place].atMs));
    const groups = Map.groupBy(places, (place) => Math.floor(named[place].atMs / DAY_MS / DAYS_AT_ONCE));
    for (const group of groups.values()) {
      const times = group.map((place) => named[place].atMs);
      const span = { from: new Date(Math.min(...times)), before: new Date(Math.max(...times) + 1) };
      const ids = group.map((place) => named[place].id);
      const texts = times.map((ms) => new Date(ms).toISOString());
      await this.makeRoom(span);
      const { rows } = await this.reader.query<Row & unknown[]>({
        name,
        text: sql,
        rowMode: 'array',
        types: AS_TEXT,
        values: [ids, texts, span.from, span.before, ...values],
      });
      for (const row of rows) found.set(group[Number(row[0]) - 1], row);
    }
    return found;
  }

  /**
   * Reads through the whole log.
   *
   * @param sql With the bounds of a stretch as $1 and $2, of which the first and the last have none (null), then `values`.
   */
  async readThrough<Row extends object>(sql: string, values: readonly unknown[]): Promise<Row[]> {
    this.stretches ??= stretchesOf(await this.beginnings());
    const last = this.stretches.length - 1;
    const found: Row[] = [];
    for (const [index, { from, before }] of this.stretches.entries()) {
      await this.renew();
      const bounds = [index === last ? null : from, index === 0 ? null : before];
      const { rows } = await this.reader.query<Row>(sql, [...bounds, ...values]);
      found.push(...rows);
    }
    await this.renew();
    return found;
  }

  private beginnings(): Promise<readonly Date[]> {
    return beginningsOfPartitions({ query: async (sql) => (await this.reader.query(sql)).rows });
  }

  private async makeRoom({ from, before }: Span): Promise<void> {
    const days = Math.ceil((before.getTime() - from.getTime()) / DAY_MS);
    if (this.daysLocked + days > DAYS_LOCKED_MAX) await this.renew();
    this.daysLocked += days;
  }

  private async renew(): Promise<void> {
    await this.reader.query('COMMIT');
    await this.begin();
  }

  /** Plans are made for the values at hand: a general one would look at every partition. */
  private async begin(): Promise<void> {
    this.daysLocked = 0;
    await this.reader.query(
      `BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; SET TRANSACTION SNAPSHOT '${this.name}';
       SET LOCAL plan_cache_mode = force_custom_plan`,
    );
  }
}

/** As the server sent it: no dates, no numbers, no JSON made of it. */
const AS_TEXT = { getTypeParser: () => (value: string) => value };

function isTime(ms: number): boolean {
  return !Number.isNaN(new Date(ms).getTime());
}
