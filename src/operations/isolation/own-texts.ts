import type { DataSource } from 'typeorm';
import { inTenant } from '../../platform/request-scope.js';
import { type GuardedTable, listGuardedTables, onlyReadable, rowsOf } from './guarded-tables.js';

/** They repeat whatever was sent, so only the routes that read them may answer with it. */
const RECORDS: Readonly<Record<string, RegExp>> = {
  admin_audit_logs: /audit-logs/,
  mcp_call_logs: /call-logs?|calls/,
};
const ANY_WILDCARD = /[\\%_]/g;

/** What the attacker's own rows hold: a word of the victim that was sent and stored may come back from there, and only from there. */
export class OwnTexts {
  private readonly held = new Map<string, Promise<ReadonlySet<string>>>();
  private tables: Promise<readonly GuardedTable[]> | undefined;

  constructor(
    private readonly dataSource: DataSource,
    private readonly tenantId: string,
  ) {}

  /** @param where The operation that answered with it. */
  async hold(word: string, where: string): Promise<boolean> {
    const known = (await this.held.get(word)) ?? new Set();
    const countsFor = (tables: ReadonlySet<string>) =>
      [...tables].some((table) => RECORDS[table]?.test(where) ?? true);
    if (countsFor(known)) return true;
    const found = this.find(word); // it may have been stored since
    this.held.set(word, found);
    return countsFor(await found);
  }

  /** Tables with a row that has it, as text in any of its columns. */
  private async find(word: string): Promise<ReadonlySet<string>> {
    const parts = (await this.readable()).map(
      (table) =>
        `SELECT '${table.name}' AS name WHERE EXISTS (SELECT 1 FROM ${rowsOf(table, [this.tenantId])} AND t::text ILIKE $1)`,
    );
    const like = `%${word.replaceAll(ANY_WILDCARD, '\\$&')}%`;
    const rows = await inTenant(this.tenantId, () =>
      this.dataSource.query<{ name: string }[]>(parts.join(' UNION ALL '), [like]),
    );
    return new Set(rows.map(({ name }) => name));
  }

  private readable(): Promise<readonly GuardedTable[]> {
    this.tables ??= listGuardedTables(this.dataSource).then((tables) =>
      onlyReadable(this.dataSource, tables),
    );
    return this.tables;
  }
}
