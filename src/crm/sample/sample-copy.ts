import { pipeline } from 'node:stream/promises';
import { Readable } from 'node:stream';
import type { PoolClient } from 'pg';
import { from as copyFrom } from 'pg-copy-streams';

/** The tables that sample customers fill, parents first, with the columns that are written. */
const COLUMNS = {
  users: 'id, tenant_id, username, email, display_name, phone, roles, tier, created_at, updated_at',
  customer_profiles:
    'user_id, tenant_id, consultant_id, birth_year, city, source, preferred_language, facts, tags, allergies, skin_notes, ' +
    'health_notes, budget_min_cents, budget_max_cents, created_at, updated_at',
  customer_preferences: 'user_id, tenant_id, "values", updated_at',
  conversations: 'id, tenant_id, user_id, consultant_id, channel, title, closed_at, created_at',
  messages: 'id, tenant_id, conversation_id, user_id, sender_kind, sender_id, content, created_at',
  consultations: 'id, tenant_id, user_id, consultant_id, project_id, outcome, notes, started_at, ended_at',
  treatments: 'id, tenant_id, user_id, project_id, amount_paid_cents, performed_at',
  tasks:
    'id, tenant_id, user_id, assignee_id, title, description, status, priority, due_at, closed_at, created_at, updated_at',
} as const;

export type SampleTable = keyof typeof COLUMNS;
export const SAMPLE_TABLES = Object.keys(COLUMNS) as SampleTable[];

type CopyValue = string | number | Date | null | readonly string[];

/** Rows on their way to the database, in the text format of COPY. */
export class CopyBatch {
  rows = 0;
  private readonly lines = new Map<SampleTable, string[]>(SAMPLE_TABLES.map((table) => [table, []]));

  /** @param values In the order of the table's columns above. */
  add(table: SampleTable, values: readonly CopyValue[]): void {
    let line = '';
    for (const value of values) line += `${line === '' ? '' : '\t'}${copyText(value)}`;
    this.lines.get(table)!.push(`${line}\n`);
    this.rows += 1;
  }

  /** All tables in one transaction; nothing stays when one fails. */
  async write(client: PoolClient): Promise<void> {
    await client.query('BEGIN');
    try {
      for (const [table, lines] of this.lines) {
        if (lines.length === 0) continue;
        // By way of a temporary table: COPY takes no table that row-level security protects.
        await client.query(
          `CREATE TEMP TABLE IF NOT EXISTS sample_${table} (LIKE ${table} INCLUDING DEFAULTS) ON COMMIT DELETE ROWS`,
        );
        const columns = COLUMNS[table];
        const copy = client.query(copyFrom(`COPY sample_${table} (${columns}) FROM STDIN`));
        await pipeline(Readable.from([Buffer.from(lines.join(''))]), copy);
        await client.query(`INSERT INTO ${table} (${columns}) SELECT ${columns} FROM sample_${table}`);
      }
      await client.query('COMMIT');
    } catch (error) {
      await client.query('ROLLBACK');
      throw error;
    }
  }

  /** What the batch holds for one table, as COPY gets it. */
  textOf(table: SampleTable): string {
    return this.lines.get(table)!.join('');
  }
}

function copyText(value: CopyValue): string {
  if (value === null) return '\\N';
  if (typeof value === 'string') return escapeCopy(value);
  if (typeof value === 'number') return String(value);
  if (value instanceof Date) return value.toISOString();
  return escapeCopy(`{${value.map((item) => `"${item.replace(/["\\]/g, '\\$&')}"`).join(',')}}`);
}

const ESCAPES: Readonly<Record<string, string>> = { '\\': '\\\\', '\t': '\\t', '\n': '\\n', '\r': '\\r' };

function escapeCopy(text: string): string {
  return text.replace(/[\\\t\n\r]/g, (character) => ESCAPES[character]);
}
