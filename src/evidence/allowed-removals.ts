import type { Client } from 'pg';
import type { CallLogRemoval } from '../call-logs/call-log-removal.entity.js';
import type { Entry } from '../call-logs/record-hash.js';
import { removalText } from '../call-logs/removals.js';
import type { TenantReport } from './report.js';
import { checkSignature, type Trust } from './trusted-keys.js';

const PAGE = 500;
const NEXT = `SELECT id, tenant_id AS "tenantId", created_at AS "createdAt", kind, group_id AS "groupId", before,
    record_ids AS "recordIds", reason, removed_by AS "removedBy", key_id AS "keyId", signature
  FROM call_log_removals WHERE tenant_id = $1 AND ($2::uuid IS NULL OR id > $2) ORDER BY id LIMIT ${PAGE}`;

/** What may be gone, as far as a trusted key has signed it. */
export class AllowedRemovals {
  private beforeOfAll = -Infinity;
  private readonly beforeOfGroup = new Map<string, number>();
  private readonly erased = new Set<string>();

  /** Checks every removal of the tenant, and reports those that nobody trusted has signed. */
  static async load(client: Client, report: TenantReport, trust: Trust): Promise<AllowedRemovals> {
    const allowed = new AllowedRemovals();
    let last: string | null = null;
    for (;;) {
      const { rows }: { rows: CallLogRemoval[] } = await client.query(NEXT, [report.tenantId, last]);
      for (const removal of rows) allowed.take(removal, report, trust);
      if (rows.length < PAGE) return allowed;
      last = rows.at(-1)?.id ?? null;
    }
  }

  get anyRetention(): boolean {
    return this.beforeOfAll > -Infinity || this.beforeOfGroup.size > 0;
  }

  coversMissing({ groupId, createdAt }: Entry): boolean {
    const before = Math.max(this.beforeOfAll, this.beforeOfGroup.get(groupId) ?? -Infinity);
    return createdAt.getTime() < before;
  }

  coversErased(recordId: string): boolean {
    return this.erased.has(recordId);
  }

  private take(removal: CallLogRemoval, report: TenantReport, trust: Trust): void {
    const state = checkSignature(trust, removalText(removal), removal);
    const named = `removal ${removal.id} (${removal.kind} of ${removal.createdAt.toISOString()})`;
    if (state === 'unsigned') return report.add('removal_unsigned', `${named} is not signed`);
    if (state !== 'good') {
      const why =
        state === 'wrong'
          ? 'is not what was signed'
          : `is signed by the key ${removal.keyId}, which is not trusted`;
      return report.add('removal_forged', `${named} ${why}`);
    }
    for (const id of removal.recordIds ?? []) this.erased.add(id);
    if (removal.kind !== 'retention' || !removal.before) return;
    const before = removal.before.getTime();
    if (removal.groupId === null) this.beforeOfAll = Math.max(this.beforeOfAll, before);
    else {
      const known = this.beforeOfGroup.get(removal.groupId) ?? -Infinity;
      this.beforeOfGroup.set(removal.groupId, Math.max(known, before));
    }
  }
}
