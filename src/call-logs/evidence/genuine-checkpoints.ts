import { Injectable } from '@nestjs/common';
import { type EntityManager, LessThan, MoreThan } from 'typeorm';
import { CallLogCheckpoint, CallLogKeyRotation } from '../chain/call-log-checkpoint.entity.js';
import { parseCheckpoint } from '../chain/checkpoint-text.js';
import { type PublicKeys, withRotations } from '../chain/key-rotation.js';
import { isSigned, readPublicKeys, SigningKey } from '../chain/signing-key.js';

const PAGE = 20;
const BEFORE_GAP = `SELECT c.number FROM call_log_checkpoints c WHERE c.tenant_id = $1 AND NOT EXISTS (SELECT FROM call_log_checkpoints n
  WHERE n.tenant_id = $1 AND n.number::bigint = c.number::bigint + 1) ORDER BY c.number LIMIT 1`;
const FREE = `SELECT n FROM (SELECT $2::bigint + 1 AS n UNION ALL
    SELECT number::bigint + 1 FROM call_log_checkpoints WHERE tenant_id = $1 AND number > $2) after
  WHERE NOT EXISTS (SELECT FROM call_log_checkpoints WHERE tenant_id = $1 AND number = n) ORDER BY n LIMIT 1`;

/**
 * Checkpoints of a tenant as far as this installation has signed them. The table may hold others: whoever can write in the
 * database can put a row there, and must neither stop checkpoints nor have them delivered.
 */
@Injectable()
export class GenuineCheckpoints {
  private keys: PublicKeys;

  constructor(signingKey: SigningKey) {
    this.keys = readPublicKeys(signingKey.publicKey ?? '');
  }

  /**
   * The one that the next has to follow. Where none is of a key that is known, the last one before a gap: it may be of a key
   * that is vouched for later.
   */
  async findNewest(manager: EntityManager, tenantId: string): Promise<CallLogCheckpoint | null> {
    const newest = await this.find(manager, tenantId, 'DESC', Number.MAX_SAFE_INTEGER);
    if (newest) return newest;
    const [last] = await manager.query<{ number: number }[]>(BEFORE_GAP, [tenantId]);
    return last ? manager.findOneBy(CallLogCheckpoint, { tenantId, number: last.number }) : null;
  }

  /** The first one behind a number. */
  async findNext(manager: EntityManager, tenantId: string, after: number): Promise<CallLogCheckpoint | null> {
    return this.find(manager, tenantId, 'ASC', after);
  }

  /** The number for the one behind another: what others have put there keeps its place. */
  async nextNumber(manager: EntityManager, tenantId: string, after: number): Promise<number> {
    const [{ n }] = await manager.query<[{ n: string }]>(FREE, [tenantId, after]);
    return Number(n);
  }

  private async find(
    manager: EntityManager,
    tenantId: string,
    order: 'ASC' | 'DESC',
    from: number,
  ): Promise<CallLogCheckpoint | null> {
    for (let edge = from; ;) {
      const bound =
        edge === Number.MAX_SAFE_INTEGER ? undefined : order === 'ASC' ? MoreThan(edge) : LessThan(edge);
      const rows = await manager.find(CallLogCheckpoint, {
        where: { tenantId, ...(bound && { number: bound }) },
        order: { number: order },
        take: PAGE,
      });
      for (const row of rows) if (await this.isGenuine(manager, row)) return row;
      const last = rows.at(-1);
      if (!last || rows.length < PAGE) return null;
      edge = last.number;
    }
  }

  private async isGenuine(manager: EntityManager, row: CallLogCheckpoint): Promise<boolean> {
    if (!this.keys.has(row.keyId)) {
      const rotations = await manager.find(CallLogKeyRotation, { order: { createdAt: 'ASC' } });
      this.keys = withRotations(this.keys, rotations, { predecessors: true });
    }
    const key = this.keys.get(row.keyId);
    const checkpoint = key && isSigned(row.text, row.signature, key) ? parseCheckpoint(row.text) : undefined;
    return checkpoint?.tenantId === row.tenantId && checkpoint.number === row.number;
  }
}
