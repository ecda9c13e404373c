import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { type Change, ChangeBus } from '../../platform/replicas/change-bus.js';

/**
 * The one way to change what people may do: one transaction that also tells every replica, for those who remember rights
 * (see {@link UserCallers}). It returns when all live replicas have the change in force, or after `CHANGE_WAIT_MS`; how that
 * went is told in the answer.
 */
@Injectable()
export class UserChanges {
  constructor(private readonly changeBus: ChangeBus) {}

  /** Also for the end of sign-ins. */
  change<T>(userId: string, work: (manager: EntityManager) => Promise<T>): Promise<T> {
    return this.commit({ kind: 'user', id: userId }, work);
  }

  /** For a rule that binds all people of a tenant. */
  changeAll<T>(tenantId: string, work: (manager: EntityManager) => Promise<T>): Promise<T> {
    return this.commit({ kind: 'tenant', id: tenantId }, work);
  }

  /** Within a transaction that has other reasons, and nobody who waits. */
  async announce(manager: EntityManager, userId: string): Promise<void> {
    await this.changeBus.publish(manager, { kind: 'user', id: userId });
  }

  private async commit<T>(change: Change, work: (manager: EntityManager) => Promise<T>): Promise<T> {
    const { result } = await this.changeBus.commit(async (manager) => {
      const done = await work(manager);
      await this.changeBus.publish(manager, change);
      return done;
    });
    return result;
  }
}
