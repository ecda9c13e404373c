import type { DataSource, EntityManager } from 'typeorm';
import { newId } from '../../platform/new-id.js';
import { Tenant } from '../../access/tenant.entity.js';
import { User } from '../../access/user.entity.js';
import { hashPassword } from '../sign-in/passwords.js';

/**
 * Makes the tenant of an installation that has none. It is disabled until {@link openFirstTenant}.
 *
 * @returns Its id.
 */
export async function insertFirstTenant(system: DataSource): Promise<string> {
  const id = newId();
  await system.getRepository(Tenant).insert({ id, name: 'default', enabled: false, isOperating: true });
  return id;
}

/** Lets people in: enables the tenant and makes its owner. */
export async function openFirstTenant(
  manager: EntityManager,
  { tenantId, email, password }: { tenantId: string; email: string; password: string },
): Promise<void> {
  await manager.update(Tenant, { id: tenantId }, { enabled: true });
  await manager.insert(User, {
    id: newId(),
    tenantId,
    username: 'admin',
    email,
    displayName: 'Administrator',
    passwordHash: await hashPassword(password),
    roles: ['owner', 'admin'],
  });
}
