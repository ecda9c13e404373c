import type { DataSource } from 'typeorm';
import { Tenant } from '../../access/tenant.entity.js';
import { StartError } from '../../platform/errors.js';

/** Gets the tenant that a command line names. @throws {StartError} There is none of that name. */
export async function getTenantNamed(system: DataSource, name: string): Promise<Tenant> {
  const tenant = await system.getRepository(Tenant).findOneBy({ name });
  if (tenant) return tenant;
  throw new StartError(
    `There is no tenant ${name}. Name another with --tenant; the first start of the service makes the tenant default`,
  );
}
