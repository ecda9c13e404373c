import { Injectable } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { DataSource, type EntityManager } from 'typeorm';
import { LiveEvents } from '../messaging/live/live-events.js';
import type { Consultant } from './allocation.js';
import { PROFILE_DEFAULTS } from './consultant-profile.entity.js';
import { type EscalationLevel, TOLD_ROLES } from './consultant-settings.entity.js';

/** So many people are told of one customer at most; more would read none of it. */
export const PEOPLE_MAX = 1000;

const { level, maxOpenCustomers, available } = PROFILE_DEFAULTS;
const FIND = `SELECT u.id, u.display_name AS name, coalesce(p.skills, '{}') AS skills, coalesce(p.level, ${level}) AS level,
    coalesce(p.max_open_customers, ${maxOpenCustomers}) AS "maxOpenCustomers",
    coalesce(p.available, ${available}) AS available,
    (SELECT count(*)::int FROM customer_claims c WHERE c.tenant_id = $1 AND c.claimed_by = u.id AND c.state = 'claimed')
      AS "openCustomers",
    (SELECT count(*)::int FROM customer_claims c WHERE c.tenant_id = $1 AND c.state = 'open' AND c.offered_to = u.id)
      AS "offeredCustomers"
  FROM users u LEFT JOIN consultant_profiles p ON p.tenant_id = u.tenant_id AND p.user_id = u.id
  WHERE u.tenant_id = $1 AND u.enabled AND 'consultant' = ANY (u.roles) AND ($2::uuid IS NULL OR u.id = $2)
  ORDER BY u.id LIMIT ${PEOPLE_MAX}`;
const FIND_FOR_LEVEL = `SELECT u.id FROM users u
  LEFT JOIN consultant_profiles p ON p.tenant_id = u.tenant_id AND p.user_id = u.id
  WHERE u.tenant_id = $1 AND u.enabled AND u.roles && $6 AND (u.roles && $2 OR u.id = ANY ($3)
    OR ('consultant' = ANY (u.roles) AND (p.skills && $4 OR coalesce(p.level, ${level}) >= $5)))
  ORDER BY u.id LIMIT ${PEOPLE_MAX}`;
const FIND_NAME = 'SELECT display_name AS name FROM users WHERE tenant_id = $1 AND id = $2';

type Found = Omit<Consultant, 'online'>;

/** Who can look after customers, and how much they have to do. Works inside the tenant's unit of work. */
@Injectable()
export class ConsultantDirectory {
  constructor(
    @InjectDataSource() private readonly dataSource: DataSource,
    private readonly liveEvents: LiveEvents,
  ) {}

  /** All who are enabled, by id. */
  async list(tenantId: string, manager: EntityManager = this.dataSource.manager): Promise<Consultant[]> {
    return this.read(manager, tenantId, null);
  }

  /** Null: not there, disabled, or no consultant. */
  async find(
    tenantId: string,
    userId: string,
    manager: EntityManager = this.dataSource.manager,
  ): Promise<Consultant | null> {
    const [found] = await this.read(manager, tenantId, userId);
    return found ?? null;
  }

  /** Whom a level of escalation tells: nobody who is a customer only. */
  async idsFor(manager: EntityManager, tenantId: string, to: EscalationLevel): Promise<string[]> {
    const skills = to.skills.map((skill) => skill.toLowerCase());
    const parameters = [tenantId, to.roles, to.user_ids, skills, to.consultant_level ?? null, TOLD_ROLES];
    const found = await manager.query<{ id: string }[]>(FIND_FOR_LEVEL, parameters);
    return found.map(({ id }) => id);
  }

  /** Also of somebody who is no consultant any more. */
  async nameOf(manager: EntityManager, tenantId: string, userId: string): Promise<string> {
    const [found] = await manager.query<({ name: string } | undefined)[]>(FIND_NAME, [tenantId, userId]);
    return found?.name ?? 'somebody who has left';
  }

  private async read(manager: EntityManager, tenantId: string, userId: string | null): Promise<Consultant[]> {
    const online = await this.liveEvents.onlineUsers(tenantId, 'consultant', manager);
    const found = await manager.query<Found[]>(FIND, [tenantId, userId]);
    return found.map((one) => ({ ...one, online: online.includes(one.id) }));
  }
}
