import { Injectable, Logger, type OnApplicationShutdown } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { DataSource } from 'typeorm';
import { AuditTrail } from '../../access/audit/audit-trail.js';
import { AdminAlerts } from '../../messaging/alerts/admin-alerts.js';
import type { KeyAlertKind } from '../../messaging/alerts/alert.entity.js';
import type { GroupKeyCaller } from '../../access/caller.js';
import { messageOf } from '../../platform/errors.js';
import { clientOf } from '../../platform/network/client-network.js';
import { inTenant } from '../../platform/request-scope.js';
import { cutText } from '../../platform/cut-text.js';

const WRITE_AFTER_MS = 1000;
/** Addresses of one tenant kept apart between two writes; an attacker may have as many as he likes, and takes no other tenant's. */
const WAITING_OF_TENANT_MAX = 200;
const TITLES: Readonly<Record<KeyAlertKind, string>> = {
  decoy_used: 'A decoy key was used',
  network_refused: 'A key was used from a network that it may not be used from',
};

export type Sighting = { readonly ip: string; readonly userAgent: string | null };
type Waiting = Sighting & { readonly kind: KeyAlertKind; readonly caller: GroupKeyCaller; uses: number };

/** Gathers signs that a key is in the wrong hands, and raises them as alerts within a second. */
@Injectable()
export class SecurityAlertsService implements OnApplicationShutdown {
  private readonly logger = new Logger(SecurityAlertsService.name);
  private waiting = new Map<string, Waiting>();
  private waitingOf = new Map<string, number>();
  /** Runs only while there is something to write. */
  private timer: NodeJS.Timeout | undefined;

  constructor(
    @InjectDataSource() private readonly dataSource: DataSource,
    private readonly audit: AuditTrail,
    private readonly alerts: AdminAlerts,
  ) {}

  /** Costs the caller's answer nothing: it is written within a second. */
  raise(kind: KeyAlertKind, caller: GroupKeyCaller, seen: Sighting): void {
    const { tenantId } = caller;
    const count = this.waitingOf.get(tenantId) ?? 0;
    const ip = count < WAITING_OF_TENANT_MAX ? cutText(seen.ip, 64) : 'many addresses';
    const key = `${kind} ${caller.keyId} ${clientOf(ip)}`; // an IPv6 client has a /64 of addresses
    const known = this.waiting.get(key);
    if (known) known.uses++;
    else {
      this.waitingOf.set(tenantId, count + 1);
      this.waiting.set(key, {
        kind,
        caller,
        ip,
        userAgent: seen.userAgent ? cutText(seen.userAgent, 300) : null,
        uses: 1,
      });
    }
    this.writeLater();
  }

  async write(): Promise<void> {
    clearTimeout(this.timer);
    this.timer = undefined;
    const waiting = this.waiting;
    this.waiting = new Map();
    this.waitingOf = new Map();
    for (const [key, alert] of waiting) {
      try {
        await inTenant(alert.caller.tenantId, () => this.writeOne(alert));
      } catch (error) {
        const more = this.waiting.get(key);
        this.waiting.set(key, { ...alert, uses: alert.uses + (more?.uses ?? 0) });
        this.writeLater();
        this.logger.warn(`An alert could not be written; trying again: ${messageOf(error)}`);
      }
    }
  }

  async onApplicationShutdown(): Promise<void> {
    await this.write();
    clearTimeout(this.timer);
  }

  private writeLater(): void {
    this.timer ??= setTimeout(() => void this.write(), WRITE_AFTER_MS).unref();
  }

  private async writeOne({ kind, caller, ip, userAgent, uses }: Waiting): Promise<void> {
    const { tenantId, keyId, groupId } = caller;
    const title = TITLES[kind];
    const isNew = await this.dataSource.transaction((manager) =>
      this.alerts.raiseForKey(manager, { tenantId, kind, title, keyId, groupId, ip, userAgent, uses }),
    );
    if (!isNew) return;
    this.logger.warn({ message: 'A key is in the wrong hands, it seems', kind, keyId, groupId, ip });
    await this.audit.recordRefusal(
      { kind: 'system', tenantId },
      {
        action: `key.${kind}`,
        target: { kind: 'key', id: keyId },
        after: { ip, userAgent },
        reason: kind === 'decoy_used' ? 'A decoy key was used' : 'The key may not be used from this network',
      },
    );
  }
}
