import type { DataSource } from 'typeorm';
import { validate as isUuid } from 'uuid';
import { inTenant } from '../../platform/request-scope.js';
import { isObject } from './operations.js';
import { type GuardedTable, rowsOf } from './guarded-tables.js';

const ROWS_MAX = 300;

type Harvested = { readonly table: string; readonly rows: readonly Record<string, unknown>[] };

/** All that a tenant's rows hold, to be tried elsewhere. */
export class Harvest {
  /** Ids of rows, by table. */
  readonly idsOf = new Map<string, string[]>();
  /** Texts by the column or property that held them. */
  private readonly texts = new Map<string, Set<string>>();
  readonly allIds = new Set<string>();

  static async of(
    dataSource: DataSource,
    tables: readonly GuardedTable[],
    tenantId: string,
  ): Promise<Harvest> {
    const harvest = new Harvest();
    const parts = tables.map(
      (table) =>
        `SELECT '${table.name}' AS "table", coalesce(jsonb_agg(t), '[]') AS rows
         FROM (SELECT * FROM ${rowsOf(table, [tenantId])} LIMIT ${ROWS_MAX}) t`,
    );
    const found = await inTenant(tenantId, () => dataSource.query<Harvested[]>(parts.join(' UNION ALL ')));
    for (const { table, rows } of found) for (const row of rows) harvest.addRow(table, row);
    return harvest;
  }

  /** Also what an answer of the API holds. */
  add(value: unknown, name = ''): void {
    if (Array.isArray(value)) for (const item of value) this.add(item, name);
    else if (isObject(value)) for (const [key, child] of Object.entries(value)) this.add(child, key);
    else if (typeof value === 'string' && value !== '') this.addText(name, value);
  }

  textsOf(name: string): readonly string[] {
    return [...(this.texts.get(name) ?? [])];
  }

  /** Ids that a field of this name may mean, the likeliest first. */
  idsFor(name: string): readonly string[] {
    const stem = name
      .replaceAll('-', '_')
      .replace(/_ids?$/, '')
      .replace(/s$/, '');
    const tables = [...this.idsOf.keys()].filter((table) => stem.length > 2 && table.includes(stem));
    const byTable = tables
      .toSorted((a, b) => a.length - b.length)
      .flatMap((table) => this.idsOf.get(table) ?? []);
    return [...new Set([...this.textsOf(name).filter(isUuid), ...byTable])];
  }

  /** One id of each table and column: what an attacker who knows everything would try. */
  oneOfEach(among: ReadonlySet<string>): ReadonlyMap<string, string> {
    const found = new Map<string, string>();
    for (const [table, ids] of this.idsOf) {
      const id = ids.find((one) => among.has(one));
      if (id) found.set(table, id);
    }
    for (const [name, values] of this.texts) {
      const id = [...values].find((value) => isUuid(value) && among.has(value));
      if (id && ![...found.values()].includes(id)) found.set(name, id);
    }
    return found;
  }

  private addRow(table: string, row: Record<string, unknown>): void {
    const id = row['id'] ?? row['user_id'];
    if (typeof id === 'string') {
      const ids = this.idsOf.get(table) ?? [];
      ids.push(id);
      this.idsOf.set(table, ids);
    }
    this.add(row);
  }

  private addText(name: string, value: string): void {
    const values = this.texts.get(name) ?? new Set();
    values.add(value);
    this.texts.set(name, values);
    if (isUuid(value)) this.allIds.add(value.toLowerCase());
  }
}
