import { randomBytes } from 'node:crypto';
import type { DataSource } from 'typeorm';
import { ADMIN_ROLES } from './auth/access.js';
import { lockSignIns } from './auth/tokens.service.js';
import { hashPassword } from './auth/passwords.js';
import { RefreshToken } from './auth/refresh-token.entity.js';
import { User } from './auth/user.entity.js';
import { StartError } from './data-dir.js';

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
export async function resetAdminPassword(dataSource: DataSource, email: string): Promise<string> {
  const users = await dataSource.getRepository(User).findBy({ email: email.toLowerCase() });
  const [admin, second] = users.filter((user) => user.roles.some((role) => ADMIN_ROLES.includes(role)));
  if (!admin) throw new StartError(`No admin has the address ${email}. Name another with --email`);
  if (second) throw new StartError(`Admins of several tenants have the address ${email}`);
  const password = generatePassword();
  const passwordHash = await hashPassword(password);
  await dataSource.transaction(async (manager) => {
    await lockSignIns(manager, admin.id);
    await manager.update(User, { id: admin.id }, { passwordHash, enabled: true });
    await manager.update(RefreshToken, { userId: admin.id }, { revokedAt: new Date() });
  });
  return password;
}
