import { createHash } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { newId } from '../../platform/new-id.js';
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
  /** How many of them are in no chain, being from before there were any. @default 0 */
  readonly uncovered?: number;
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

export type Pruning = Pick<Retention, 'tenantId' | 'before'>;

export type Deletion = {
  /** Of the tenant that runs the installation. */
  readonly tenantId: string;
  readonly deletedId: string;
  readonly reason: string;
  readonly by: string;
};

type Unsigned = Omit<CallLogRemoval, 'keyId' | 'signature'>;

/** Records whose payload one row can name. */
export const ERASED_AT_ONCE = 1000;

const INSERT = `INSERT INTO call_log_removals
  (id, tenant_id, created_at, kind, group_id, before, record_ids, uncovered, reason, removed_by, key_id, signature)
  VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)`;

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
      uncovered: retention.uncovered ?? 0,
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
        uncovered: 0,
        reason: erasure.reason,
        removedBy: erasure.by,
      });
    }
  }

  /** Allows the entries of batches to be gone whose records all arrived before a time. To be called before they are pruned. */
  async recordPruning(queryable: Queryable, { tenantId, before }: Pruning): Promise<void> {
    await this.insert(queryable, {
      id: newId(),
      tenantId,
      createdAt: new Date(),
      kind: 'entries',
      groupId: null,
      before,
      recordIds: null,
      uncovered: 0,
      reason: 'retention',
      removedBy: 'retention',
    });
  }

  /** Allows a tenant to be gone with its whole log. It stays with the tenant that runs the installation. */
  async recordTenant(queryable: Queryable, { tenantId, deletedId, reason, by }: Deletion): Promise<void> {
    await this.insert(queryable, {
      id: newId(),
      tenantId,
      createdAt: new Date(),
      kind: 'tenant',
      groupId: null,
      before: null,
      recordIds: [deletedId],
      uncovered: 0,
      reason,
      removedBy: by,
    });
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
      removal.uncovered,
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
    `records ${ids.length} ${idsHash}\nuncovered ${removal.uncovered}\n` +
    `reason ${JSON.stringify(removal.reason)}\nby ${JSON.stringify(removal.removedBy)}\n`
  );
}
