import { randomBytes } from 'node:crypto';
import { In } from 'typeorm';
import type { Databases } from './command-databases.js';
import { AuditTrail, systemActor } from '../../access/audit/audit-trail.js';
import { inTenant } from '../../platform/request-scope.js';
import { givePassword } from '../../auth/sign-in/given-password.js';
import { User } from '../../access/user.entity.js';
import { addressForms } from '../../platform/identity-text.js';
import { StartError } from '../../platform/errors.js';

const PASSWORD_BYTES = 15;

export function generatePassword(): string {
  return randomBytes(PASSWORD_BYTES).toString('base64url');
}

/**
 * Gives an admin a new password and ends all their sign-ins.
 *
 * @returns The new password, to be shown once.
 * @throws {StartError} No admin, or admins of several tenants, with this address.
 */
export async function resetAdminPassword({ dataSource, system }: Databases, email: string): Promise<string> {
  const users = await system.getRepository(User).findBy({ email: In(addressForms(email)) });
  const [admin, second] = users.filter((user) =>
    user.roles.some((role) => ['owner', 'admin'].includes(role)),
  );
  if (!admin) throw new StartError(`No admin has the address ${email}. Name another with --email`);
  if (second) throw new StartError(`Admins of several tenants have the address ${email}`);
  const password = generatePassword();
  await inTenant(admin.tenantId, () =>
    dataSource.transaction(async (manager) => {
      await givePassword(manager, admin.id, password);
      await new AuditTrail(dataSource).record(manager, systemActor(admin.tenantId, 'admin reset-password'), {
        action: 'user.reset_password',
        target: { kind: 'user', id: admin.id, name: admin.email },
      });
    }),
  );
  return password;
}
