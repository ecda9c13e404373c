import { Injectable } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { DataSource, type EntityManager } from 'typeorm';
import type { Role } from '../../access/permissions.js';
import { ChangeBus } from '../../platform/replicas/change-bus.js';
import { newId } from '../../platform/new-id.js';
import { Config } from '../../platform/config.js';
import { LiveEvent } from './live-event.entity.js';

/** Kind of change under which replicas hear that a tenant has new events; its id is the tenant's. */
export const LIVE_CHANGE = 'live_event';

/** A payload goes to browsers and is kept for days: ids and what is to be shown, no secret, and not much of it. */
export const PAYLOAD_MAX_BYTES = 16_384;

export type LiveNews = {
  readonly tenantId: string;
  /** `[a-z0-9_]`, 1 to 64 characters, e.g. `new_customer`. */
  readonly kind: string;
  /** Who sees it: these users, and whoever has one of these roles when they look. */
  readonly audience: { readonly userIds?: readonly string[]; readonly roles?: readonly Role[] };
  readonly payload: Readonly<Record<string, unknown>>;
};

const ONLINE = `SELECT DISTINCT p.user_id AS id FROM live_presence p
  JOIN replicas r ON r.id = p.replica_id AND r.last_seen_at > clock_timestamp() - make_interval(secs => $3 / 1000.0)
  JOIN users u ON u.id = p.user_id AND u.tenant_id = p.tenant_id
  WHERE p.tenant_id = $1 AND u.enabled AND $2 = ANY (u.roles) ORDER BY 1`;

/** What happens in a tenant, told to those who are connected at `/ws` on any replica, and kept for those who come back. */
@Injectable()
export class LiveEvents {
  constructor(
    @InjectDataSource() private readonly dataSource: DataSource,
    private readonly changeBus: ChangeBus,
    private readonly config: Config,
  ) {}

  /**
   * Stores an event with the caller's transaction. It gets its number when that commits, so numbers grow in the order of
   * commits, and a reader who has seen one number has missed none below it.
   *
   * @param manager Of a transaction that belongs to the tenant.
   * @throws {Error} Nobody could see it, or its payload is larger than 16 KiB.
   */
  async publish(manager: EntityManager, { tenantId, kind, audience, payload }: LiveNews): Promise<void> {
    const { userIds = [], roles = [] } = audience;
    if (userIds.length + roles.length === 0) throw new Error(`Nobody would see the event ${kind}`);
    if (Buffer.byteLength(JSON.stringify(payload)) > PAYLOAD_MAX_BYTES)
      throw new Error(`The payload of the event ${kind} is larger than ${PAYLOAD_MAX_BYTES} bytes`);
    const event = { id: newId(), tenantId, kind, userIds: [...userIds], roles: [...roles] };
    await manager.insert(LiveEvent, { ...event, payload: payload as never });
    await this.changeBus.publish(manager, { kind: LIVE_CHANGE, id: tenantId });
  }

  /**
   * Users of the tenant with the role who are connected, to whatever replica. Call it in the tenant's unit of work.
   *
   * @param manager Of the transaction that asks, so that it does not take a second connection.
   */
  async onlineUsers(
    tenantId: string,
    role: Role,
    manager: EntityManager = this.dataSource.manager,
  ): Promise<string[]> {
    const found = await manager.query<{ id: string }[]>(ONLINE, [
      tenantId,
      role,
      this.config.env.REPLICA_LEASE_MS,
    ]);
    return found.map(({ id }) => id);
  }
}
