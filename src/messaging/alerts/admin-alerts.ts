import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { PERMISSIONS, type Role } from '../../access/permissions.js';
import type { KeyAlertKind } from './alert.entity.js';
import { newId } from '../../platform/new-id.js';
import { LiveEvents } from '../live/live-events.js';
import { Notifications } from '../notices/notifications.js';
import { cutText } from '../../platform/cut-text.js';

/** Who is told of an alert. */
const ADMINISTRATORS: readonly Role[] = ['owner', 'admin'];
/** Who may read the feed sees it live, too. */
const READERS: readonly Role[] = PERMISSIONS['alerts.read'];
const TITLE_MAX = 200;
const DETAIL_MAX = 4000;
const INSERT_VALUES = `INSERT INTO alerts (id, tenant_id, kind, title, detail, target_kind, target_id, key)
  VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`;
const INSERT = `${INSERT_VALUES} ON CONFLICT (tenant_id, key) DO NOTHING RETURNING id`;
/** What is seen again within the hour counts in the row that is there. */
const COUNT = `INSERT INTO alerts (id, tenant_id, kind, title, detail, target_kind, target_id, key_id, group_id, ip, user_agent, hour, uses)
  VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)
  ON CONFLICT (key_id, kind, ip, hour) DO UPDATE SET uses = alerts.uses + excluded.uses, last_seen_at = now()
  RETURNING id = $1 AS "isNew"`;
/** Seen again within the hour it is open again, whoever has acknowledged it. */
const REOPEN = `${INSERT_VALUES} ON CONFLICT (tenant_id, key) DO UPDATE SET uses = alerts.uses + 1, last_seen_at = now(),
    detail = excluded.detail, acknowledged_at = NULL, acknowledged_by = NULL
  RETURNING id = $1 AS "isNew"`;
const END = `UPDATE alerts SET acknowledged_at = now(), last_seen_at = now(), detail = left(detail || $4, ${DETAIL_MAX})
  WHERE tenant_id = $1 AND kind = $2 AND target_id = $3 AND acknowledged_at IS NULL`;
const SEEN_ELSEWHERE = `SELECT 1 FROM alerts
  WHERE tenant_id = $1 AND kind = $2 AND key_id = $3 AND hour = $4 AND id <> $5 LIMIT 1`;
const HOUR_MS = 3_600_000;
const FIND_ADMINISTRATORS =
  'SELECT id FROM users WHERE tenant_id = $1 AND enabled AND roles && $2 ORDER BY id LIMIT 1000';

export type AlertToRaise = {
  readonly tenantId: string;
  /** `[a-z0-9_.-]`, 1 to 32 characters, e.g. `automation_failed`. */
  readonly kind: string;
  /** What happened, in one line. Cut at 200 characters; no name of a customer: it may outlive the account. */
  readonly title: string;
  /** What is known of it and what to do. Cut at 4000 characters; no secret, no name. */
  readonly detail: string;
  readonly target?: { readonly kind: string; readonly id: string };
  /** It is raised once for a key: 1 to 190 characters. */
  readonly key: string;
};

/** A use of a group's key that should not be. */
export type KeySighting = {
  readonly tenantId: string;
  readonly kind: KeyAlertKind;
  readonly title: string;
  readonly keyId: string;
  readonly groupId: string;
  readonly ip: string;
  readonly userAgent: string | null;
  readonly uses: number;
};

/**
 * Tells a tenant's administrators that something needs them. It is a row in the feed `/api/v1/admin/alerts`, the live event `admin_alert`
 * in their consoles, and a notice `admin_alert` over the channels, which no quiet hours hold. Nothing else writes into the feed.
 */
@Injectable()
export class AdminAlerts {
  constructor(
    private readonly notifications: Notifications,
    private readonly live: LiveEvents,
  ) {}

  /**
   * Once per key, in the caller's transaction.
   *
   * @param manager Of a transaction that belongs to the tenant.
   */
  async raise(manager: EntityManager, alert: AlertToRaise): Promise<void> {
    const id = newId();
    const fit = fitted(alert);
    const made = await manager.query<unknown[]>(INSERT, valuesOf(id, fit));
    if (made.length > 0) await this.tell(manager, id, fit);
  }

  /**
   * Of something that lasts until {@link endState}. Administrators are told once an hour; what begins anew within the hour opens
   * the row that is there, and counts in it.
   *
   * @param manager Of a transaction that belongs to the tenant.
   */
  async raiseState(
    manager: EntityManager,
    alert: AlertToRaise & { readonly target: { readonly kind: string; readonly id: string } },
  ): Promise<void> {
    const id = newId();
    const fit = fitted({ ...alert, key: `${alert.key}:${hourOf(new Date()).toISOString()}` });
    const [{ isNew }] = await manager.query<[{ isNew: boolean }]>(REOPEN, valuesOf(id, fit));
    if (isNew) await this.tell(manager, id, fit);
  }

  /** It is over by itself: what is open of it counts as acknowledged, by nobody. */
  async endState(
    manager: EntityManager,
    {
      tenantId,
      kind,
      targetId,
    }: { readonly tenantId: string; readonly kind: string; readonly targetId: string },
  ): Promise<void> {
    await manager.query(END, [tenantId, kind, targetId, `\n\nOver since ${new Date().toISOString()}.`]);
  }

  /**
   * One row per key, kind, address and hour, which counts. Administrators are told once an hour, however many the addresses.
   *
   * @param manager Of a transaction that belongs to the tenant.
   * @returns Whether it is the first use from this address in the hour.
   */
  async raiseForKey(manager: EntityManager, sighting: KeySighting): Promise<boolean> {
    const { tenantId, kind, title, keyId, groupId, ip, userAgent, uses } = sighting;
    const id = newId();
    const hour = hourOf(new Date());
    const detail = `From ${ip}. See the key and its group; replace the key where it may be in the wrong hands.`;
    const about = [id, tenantId, kind, title, detail, 'key', keyId];
    const values = [...about, keyId, groupId, ip, userAgent, hour, uses];
    const [{ isNew }] = await manager.query<[{ isNew: boolean }]>(COUNT, values);
    if (!isNew) return false;
    const before = await manager.query<unknown[]>(SEEN_ELSEWHERE, [tenantId, kind, keyId, hour, id]);
    const key = `${kind}:${keyId}:${hour.toISOString()}`;
    const target = { kind: 'key', id: keyId };
    if (before.length === 0) await this.tell(manager, id, { tenantId, kind, title, detail, key, target });
    return true;
  }

  private async tell(
    manager: EntityManager,
    id: string,
    { tenantId, kind, title, detail, target, key }: AlertToRaise,
  ): Promise<void> {
    const payload = { alert_id: id, kind, title, target: target ?? null };
    await this.live.publish(manager, {
      tenantId,
      kind: 'admin_alert',
      audience: { roles: READERS },
      payload,
    });
    const found = await manager.query<{ id: string }[]>(FIND_ADMINISTRATORS, [tenantId, ADMINISTRATORS]);
    await this.notifications.send(manager, {
      tenantId,
      kind: 'admin_alert',
      recipients: found.map((user) => user.id),
      variables: { title, detail, alert_kind: kind },
      key: `alert:${key}`,
      isUrgent: true,
    });
  }
}

/** @throws {Error} It has no words: whoever reads it could do nothing. */
function fitted(alert: AlertToRaise): AlertToRaise {
  if (alert.title.trim() === '' || alert.detail.trim() === '')
    throw new Error(`The alert ${alert.key} needs a title and a detail`);
  return { ...alert, title: cutText(alert.title, TITLE_MAX), detail: cutText(alert.detail, DETAIL_MAX) };
}

function valuesOf(id: string, { tenantId, kind, title, detail, target, key }: AlertToRaise): unknown[] {
  return [id, tenantId, kind, title, detail, target?.kind ?? null, target?.id ?? null, key];
}

function hourOf(time: Date): Date {
  return new Date(Math.floor(time.getTime() / HOUR_MS) * HOUR_MS);
}
