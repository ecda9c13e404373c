/**
 * The columns of a foreign key between rows of one tenant, for `@JoinColumn`. The check of a foreign key sees the rows of all
 * tenants; with the tenant in the key, a guessed id of somebody else's row refers to nothing.
 *
 * @param column Holds the parent's id. The parent's entity is `@Unique(['tenantId', 'id'])`.
 */
export function ofTheSameTenant(column: string): { name: string; referencedColumnName: string }[] {
  return [
    { name: 'tenant_id', referencedColumnName: 'tenantId' },
    { name: column, referencedColumnName: 'id' },
  ];
}
