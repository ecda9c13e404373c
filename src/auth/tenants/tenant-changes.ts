import { Injectable } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { DataSource, type EntityManager } from 'typeorm';
import { AuditTrail } from '../../access/audit/audit-trail.js';
import { differenceOf } from '../../access/audit/difference.js';
import type { UserCaller } from '../../access/caller.js';
import { Tenant } from '../../access/tenant.entity.js';
import { ChangeBus, type InFlight } from '../../platform/replicas/change-bus.js';
import { NotFoundError } from '../../platform/errors.js';
import { type ReadVersions, requireVersion } from '../../platform/rest/preconditions.js';
import { SYSTEM_DATABASE } from '../../platform/database/system-database.js';

export type TenantChangeOptions = { readonly inFlight?: InFlight; readonly ifMatch?: ReadVersions };

type TenantChange = {
  /** For the audit. */
  readonly action: string;
  readonly columns: Partial<Pick<Tenant, 'name' | 'enabled' | 'removingAt'>>;
  /** Throws when the tenant may not be changed so. */
  readonly check?: (tenant: Tenant) => void;
  /** More to do in the same transaction. */
  readonly also?: (manager: EntityManager, tenant: Tenant) => Promise<void>;
};

/**
 * The one way to change a tenant: one transaction that saves, records and tells every replica, and then the wait until all
 * of them have it in force. As the system role, because it concerns a tenant that is not the caller's.
 */
@Injectable()
export class TenantChanges {
  constructor(
    @InjectDataSource(SYSTEM_DATABASE) private readonly system: DataSource,
    private readonly changeBus: ChangeBus,
    private readonly audit: AuditTrail,
  ) {}

  /** @throws {NotFoundError} There is no such tenant. */
  async change(
    caller: UserCaller,
    id: string,
    { action, columns, check, also }: TenantChange,
    { inFlight, ifMatch }: TenantChangeOptions = {},
  ): Promise<void> {
    await this.changeBus.commit(async (manager) => {
      const tenant = await manager.findOne(Tenant, { where: { id }, lock: { mode: 'pessimistic_write' } });
      if (!tenant) throw new NotFoundError(`No tenant ${id}`);
      requireVersion(tenant, ifMatch);
      check?.(tenant);
      const target = { kind: 'tenant', id, name: tenant.name };
      const { before, after } = differenceOf(tenant, columns);
      await manager.save(Tenant, Object.assign(tenant, columns));
      await also?.(manager, tenant);
      await this.audit.record(manager, caller, { action, target, before, after });
      await this.changeBus.publish(manager, { kind: 'tenant', id, inFlight });
    }, this.system);
  }
}
