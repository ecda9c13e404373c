import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { AdminAlerts } from '../../messaging/alerts/admin-alerts.js';
import { newId } from '../../platform/new-id.js';

const BEGIN = `INSERT INTO automation_troubles AS t (id, tenant_id, name, since) VALUES ($1, $2, $3, now())
  ON CONFLICT (tenant_id, name) DO UPDATE SET since = coalesce(t.since, now())
  RETURNING id, alerted_at IS NULL AND since <= now() - make_interval(mins => $4) AS "isDue"`;
const TOLD = 'UPDATE automation_troubles SET alerted_at = now() WHERE id = $1';
const END = `UPDATE automation_troubles SET since = NULL, alerted_at = NULL
  WHERE tenant_id = $1 AND name = $2 AND since IS NOT NULL RETURNING id`;

export type Trouble = {
  readonly tenantId: string;
  readonly name: string;
  /** Kind of its alert. */
  readonly kind: string;
};

export type TroubleSeen = Trouble & {
  readonly title: string;
  readonly detail: string;
  /** How long it lasts before administrators are told. */
  readonly alertAfterMinutes: number;
};

/** Keeps what is wrong with a tenant's automation: alerts administrators once while it lasts, and ends the alert with it. */
@Injectable()
export class Troubles {
  constructor(private readonly alerts: AdminAlerts) {}

  /** @param manager Of a transaction that belongs to the tenant. */
  async see(manager: EntityManager, seen: TroubleSeen): Promise<void> {
    const { tenantId, name, kind, title, detail, alertAfterMinutes } = seen;
    const parameters = [newId(), tenantId, name, alertAfterMinutes];
    const [{ id, isDue }] = await manager.query<[{ id: string; isDue: boolean }]>(BEGIN, parameters);
    if (!isDue) return;
    await manager.query(TOLD, [id]);
    const target = { kind: 'automation_trouble', id };
    await this.alerts.raiseState(manager, { tenantId, kind, title, detail, target, key: `${kind}:${name}` });
  }

  /** @param manager Of a transaction that belongs to the tenant. */
  async end(manager: EntityManager, { tenantId, name, kind }: Trouble): Promise<void> {
    const [rows] = await manager.query<[{ id: string }[], number]>(END, [tenantId, name]);
    for (const { id } of rows) await this.alerts.endState(manager, { tenantId, kind, targetId: id });
  }
}
