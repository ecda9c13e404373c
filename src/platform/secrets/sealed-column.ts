/**
 * Names a column that SecretBox seals, and what each value in it is bound to: moved to another tenant, table, column or row, a
 * value does not open.
 */
export class SealedColumn {
  constructor(
    readonly table: string,
    readonly column: string,
  ) {}

  /** @param id The row's primary key. */
  contextOf(tenantId: string, id: string): string {
    return `${tenantId}/${this.table}.${this.column}/${id}`;
  }
}
