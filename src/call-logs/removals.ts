import { createHash } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { v7 as newId } from 'uuid';
import type { CallLogRemoval } from './call-log-removal.entity.js';
import { SigningKey } from './signing-key.js';

/** An EntityManager, a DataSource or a QueryRunner; its role must be allowed to insert removals of the tenant. */
export type Queryable = { query(sql: string, values: unknown[]): Promise<unknown> };

export type Retention = {
  readonly tenantId: string;
  /** Only records of this group. @default all groups */
  readonly groupId?: string | null;
  /** Records of calls that arrived before this time. */
  readonly before: Date;
  /** @default 'retention' */
  readonly reason?: string;
  /** @default 'retention' (the job) */
  readonly by?: string;
};

export type Erasure = {
  readonly tenantId: string;
  readonly recordIds: readonly string[];
  readonly reason: string;
  readonly by: string;
};

type Unsigned = Omit<CallLogRemoval, 'keyId' | 'signature'>;

/** Records whose payload one row can name. */
export const ERASED_AT_ONCE = 1000;

const INSERT = `INSERT INTO call_log_removals
  (id, tenant_id, created_at, kind, group_id, before, record_ids, reason, removed_by, key_id, signature)
  VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)`;

/**
 * Says, signed, that records are gone on purpose. `toolcrib verify` takes a missing record for tampering unless a signed
 * removal covers it: whoever deletes records writes one first, or in the same transaction.
 */
@Injectable()
export class CallLogRemovals {
  constructor(private readonly signingKey: SigningKey) {}

  /** Allows every record of the tenant (and group) before a time to be gone. To be called before they are deleted. */
  async recordRetention(queryable: Queryable, retention: Retention): Promise<void> {
    await this.insert(queryable, {
      id: newId(),
      tenantId: retention.tenantId,
      createdAt: new Date(),
      kind: 'retention',
      groupId: retention.groupId ?? null,
      before: retention.before,
      recordIds: null,
      reason: retention.reason ?? 'retention',
      removedBy: retention.by ?? 'retention',
    });
  }

  /** Allows the payload of these records to be gone. To be called in the transaction that erases it. */
  async recordErasure(queryable: Queryable, { recordIds, ...erasure }: Erasure): Promise<void> {
    for (let from = 0; from < recordIds.length; from += ERASED_AT_ONCE) {
      await this.insert(queryable, {
        id: newId(),
        tenantId: erasure.tenantId,
        createdAt: new Date(),
        kind: 'erasure',
        groupId: null,
        before: null,
        recordIds: recordIds.slice(from, from + ERASED_AT_ONCE),
        reason: erasure.reason,
        removedBy: erasure.by,
      });
    }
  }

  private async insert(queryable: Queryable, removal: Unsigned): Promise<void> {
    const signed = this.signingKey.sign(removalText(removal));
    await queryable.query(INSERT, [
      removal.id,
      removal.tenantId,
      removal.createdAt,
      removal.kind,
      removal.groupId,
      removal.before,
      removal.recordIds,
      removal.reason,
      removal.removedBy,
      signed?.keyId ?? null,
      signed?.signature ?? null,
    ]);
  }
}

/** What is signed of a removal: see docs/tamper-evidence.md. */
export function removalText(removal: Unsigned): string {
  const ids = removal.recordIds ?? [];
  const idsHash = createHash('sha256').update(ids.join('\n')).digest('hex');
  return (
    `toolcrib removal v1\nid ${removal.id}\ntenant ${removal.tenantId}\ntime ${removal.createdAt.toISOString()}\n` +
    `kind ${removal.kind}\ngroup ${removal.groupId ?? '-'}\nbefore ${removal.before?.toISOString() ?? '-'}\n` +
    `records ${ids.length} ${idsHash}\nreason ${JSON.stringify(removal.reason)}\nby ${JSON.stringify(removal.removedBy)}\n`
  );
}
