import type { DataSource } from 'typeorm';

const MEASURED_FOR_MS = 30_000;
const TENANTS_MAX = 10_000;

type Bounds = { readonly maxRows: number; readonly maxBytes: number };
type Kept = { rows: number; bytes: number; readonly measuredAtMs: number };

/**
 * Bounds what each tenant keeps in a table of sealed answers. Not exact: the table is measured every 30 seconds at most, and what
 * other replicas add meanwhile is seen then.
 */
export class KeptAnswerQuotas {
  private readonly byTenant = new Map<string, Kept>();
  private readonly measure: string;

  /** @param column Holds the answers. */
  constructor(
    private readonly dataSource: DataSource,
    { table, column }: { readonly table: string; readonly column: string },
    private readonly bounds: Bounds,
  ) {
    this.measure = `SELECT count(*)::int AS rows, coalesce(sum(octet_length(${column})), 0)::float8 AS bytes
      FROM ${table} WHERE tenant_id = $1`;
  }

  /** Whether the row that was just made may stay. Ask within the tenant's unit of work. */
  async has(tenantId: string): Promise<boolean> {
    const known = this.known(tenantId);
    if (known) known.rows += 1;
    const kept = known ?? (await this.look(tenantId));
    return kept.rows <= this.bounds.maxRows && kept.bytes < this.bounds.maxBytes;
  }

  /** An answer was stored. */
  add(tenantId: string, bytes: number): void {
    const kept = this.byTenant.get(tenantId);
    if (kept) kept.bytes += bytes;
  }

  private known(tenantId: string): Kept | undefined {
    const kept = this.byTenant.get(tenantId);
    return kept && performance.now() - kept.measuredAtMs < MEASURED_FOR_MS ? kept : undefined;
  }

  private async look(tenantId: string): Promise<Kept> {
    const [found] = await this.dataSource.query<[{ rows: number; bytes: number }]>(this.measure, [tenantId]);
    const kept = { ...found, measuredAtMs: performance.now() };
    if (this.byTenant.size >= TENANTS_MAX) this.byTenant.clear();
    this.byTenant.set(tenantId, kept);
    return kept;
  }
}
