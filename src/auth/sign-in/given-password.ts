import type { EntityManager } from 'typeorm';
import { User } from '../../access/user.entity.js';
import { hashPassword } from './passwords.js';
import { lockSignIns, revokeSignIns } from './tokens.service.js';

/** Gives a person a password from outside, lets them in again, and ends all their sign-ins. */
export async function givePassword(manager: EntityManager, userId: string, password: string): Promise<void> {
  const passwordHash = await hashPassword(password);
  await lockSignIns(manager, userId);
  await manager.update(User, { id: userId }, { passwordHash, enabled: true });
  await revokeSignIns(manager, userId);
}
