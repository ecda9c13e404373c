import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { type Actor, AuditTrail } from '../../access/audit/audit-trail.js';
import { User } from '../../access/user.entity.js';
import { storeEvent } from '../../platform/replicas/domain-events.js';

export const CUSTOMER_ROLES = ['customer'] as const;
const UNVERIFIED_DAYS = 7;
/** Who registered with the address and did not prove it, and some of those who will not any more. */
const FORGET_UNVERIFIED = `DELETE FROM users WHERE tenant_id = $1 AND unverified_since IS NOT NULL AND (email = $2 OR id IN (
  SELECT id FROM users WHERE tenant_id = $1 AND unverified_since < trusted_now() - make_interval(days => $3) LIMIT 20))`;

type NewCustomer = Partial<User> & Pick<User, 'id' | 'tenantId' | 'email'>;

/** Stores accounts of customers, with the event that the rest of the service acts on. */
@Injectable()
export class NewCustomers {
  constructor(private readonly audit: AuditTrail) {}

  /**
   * @param manager Of a transaction that belongs to the tenant.
   * @param actor Whose act it is on record.
   */
  async store(manager: EntityManager, actor: Actor, user: NewCustomer): Promise<void> {
    const { id, tenantId, email, unverifiedSince } = user;
    const kind = unverifiedSince ? 'user.address_claimed' : 'user.registered';
    // Nobody keeps an address from its owner by registering with it first.
    await manager.query(FORGET_UNVERIFIED, [tenantId, email, UNVERIFIED_DAYS]);
    await manager.insert(User, user);
    await storeEvent(manager, { tenantId, kind, payload: { user_id: id } });
    const target = { kind: 'user', id, name: email };
    const after = { roles: CUSTOMER_ROLES };
    await this.audit.record(manager, actor, { action: 'user.register', target, after });
  }
}
