import type { EntityManager } from 'typeorm';
import { v7 as newId } from 'uuid';
import { DomainEvent } from './domain-event.entity.js';

/** What can happen, with the ids that each kind carries. */
export type DomainEvents = {
  readonly 'user.registered': { readonly user_id: string };
  /** Somebody asked for a new password. Whoever sends the mail makes the one-time token for it. */
  readonly 'user.password_forgotten': { readonly user_id: string };
};

/**
 * Puts an event on record for whatever acts on it later.
 *
 * @param manager Of the transaction that makes the change: neither exists without the other.
 */
export async function storeEvent<K extends keyof DomainEvents>(
  manager: EntityManager,
  event: { readonly tenantId: string; readonly kind: K; readonly payload: DomainEvents[K] },
): Promise<void> {
  await manager.insert(DomainEvent, { id: newId(), ...event });
}
