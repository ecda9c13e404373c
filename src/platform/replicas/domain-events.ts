import type { EntityManager } from 'typeorm';
import { newId } from '../new-id.js';

/** What can happen, with the ids that each kind carries. */
export const DOMAIN_EVENTS = {
  'user.registered': ['user_id'],
  /** Somebody registered with an address that has to be proven. Whoever sends the mail makes the one-time token for it. */
  'user.address_claimed': ['user_id'],
  /** Somebody asked for a new password. Whoever sends the mail makes the one-time token for it. */
  'user.password_forgotten': ['user_id'],
} as const satisfies Record<string, readonly string[]>;

export type DomainEventKind = keyof typeof DOMAIN_EVENTS;
export type DomainEventPayload<K extends DomainEventKind> = {
  readonly [Field in (typeof DOMAIN_EVENTS)[K][number]]: string;
};

/** Says at the commit that there is an event. A message that got lost delays, and loses nothing. */
export const EVENT_CHANNEL = 'toolcrib_events';

/** One statement, so that whoever stores an event waits no longer for its being told. */
const STORE = `WITH stored AS (
    INSERT INTO domain_events (id, tenant_id, kind, payload) VALUES ($1, $2, $3, $4) RETURNING id)
  SELECT pg_notify('${EVENT_CHANNEL}', '')::text FROM stored`;

/**
 * Puts an event on record for whatever acts on it: a handler with `@Job({ on: kind })` gets a job of it, whenever the service runs
 * again.
 *
 * @param manager Of the transaction that makes the change: neither exists without the other.
 */
export async function storeEvent<K extends DomainEventKind>(
  manager: EntityManager,
  event: { readonly tenantId: string; readonly kind: K; readonly payload: DomainEventPayload<K> },
): Promise<void> {
  await manager.query(STORE, [newId(), event.tenantId, event.kind, JSON.stringify(event.payload)]);
}

const MARK = 'UPDATE domain_events SET picked_up_at = clock_timestamp() WHERE id = ANY ($1)';

/** Notes that events have been acted on, in the transaction that does. */
export async function markPickedUp(manager: EntityManager, ids: readonly string[]): Promise<void> {
  await manager.query(MARK, [ids]);
}

/** Makes the statement that removes a batch of a tenant's ($1) events of more than so many days ($2) ago, and gives their number as `count`. */
export function removalOfEvents(batch: number): string {
  return `WITH old AS (
    SELECT id FROM domain_events WHERE tenant_id = $1 AND created_at < trusted_now() - $2 * interval '1 day' LIMIT ${batch}),
  gone AS (DELETE FROM domain_events e USING old WHERE e.id = old.id RETURNING e.id)
  SELECT count(*)::int AS count FROM gone`;
}
