import type { Client } from 'pg';
import type { CallLogRemoval } from '../chain/call-log-removal.entity.js';
import type { Entry } from '../chain/record-hash.js';
import { removalText } from '../chain/removals.js';
import type { TenantReport } from './report.js';
import { checkSignature, type Trust, UNKNOWN_KEY } from './trusted-keys.js';

const PAGE = 500;
const NEXT = `SELECT id, tenant_id AS "tenantId", created_at AS "createdAt", kind, group_id AS "groupId", before,
    record_ids AS "recordIds", uncovered, reason, removed_by AS "removedBy", key_id AS "keyId", signature
  FROM call_log_removals WHERE tenant_id = $1 AND ($2::uuid IS NULL OR id > $2) ORDER BY id LIMIT ${PAGE}`;

/** What may be gone, as far as a trusted key has signed it. */
export class AllowedRemovals {
  private beforeOfAll = -Infinity;
  private readonly beforeOfGroup = new Map<string, number>();
  private entriesBefore = -Infinity;
  private readonly erased = new Set<string>();
  /** Ids of tenants that were deleted with everything. */
  readonly deletedTenants = new Set<string>();
  /** How many of the records from before there were chains retention has removed at most. */
  uncovered = 0;

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

  coversMissing({ groupId, createdAt }: Entry): boolean {
    const before = Math.max(this.beforeOfAll, this.beforeOfGroup.get(groupId) ?? -Infinity);
    return createdAt.getTime() < before;
  }

  /** @param lastAt When the newest call of the batch arrived. */
  coversPruned(lastAt: Date): boolean {
    return lastAt.getTime() < this.entriesBefore;
  }

  coversErased(recordId: string): boolean {
    return this.erased.has(recordId);
  }

  private take(removal: CallLogRemoval, report: TenantReport, trust: Trust): void {
    const { id, kind, createdAt, before, keyId } = removal;
    const named = `removal ${id} (${kind} of ${String(createdAt)})`;
    const hasTimes = [createdAt, before].every((at) => at === null || Number.isFinite(Number(at)));
    const state = hasTimes ? checkSignature(trust, removalText(removal), removal) : 'wrong'; // infinity is a time in SQL
    if (state === 'unsigned') return report.add('removal_unsigned', `${named} is not signed`);
    if (state !== 'good') {
      const why =
        state === 'wrong' ? 'is not what was signed' : `is signed by the key ${keyId}, ${UNKNOWN_KEY}`;
      return report.add('removal_forged', `${named} ${why}`);
    }
    this.allow(removal);
  }

  private allow({ kind, before, groupId, recordIds, uncovered }: CallLogRemoval): void {
    const ids = kind === 'erasure' ? this.erased : this.deletedTenants;
    for (const id of recordIds ?? []) ids.add(id);
    const at = before?.getTime() ?? -Infinity;
    if (kind === 'entries') this.entriesBefore = Math.max(this.entriesBefore, at);
    if (kind !== 'retention') return;
    this.uncovered += uncovered;
    if (groupId === null) this.beforeOfAll = Math.max(this.beforeOfAll, at);
    else this.beforeOfGroup.set(groupId, Math.max(this.beforeOfGroup.get(groupId) ?? -Infinity, at));
  }
}
