import type { EntityManager } from 'typeorm';
import { ConflictError } from '../../platform/errors.js';
import { currentScope } from '../../platform/request-scope.js';

/**
 * Notes, in the transaction that makes a change, that the request with this `Idempotency-Key` has made it. So a process that dies
 * between the commit and the answer leaves behind that the change was made, and nobody makes it twice.
 *
 * @throws {ConflictError} Another attempt with the same key took over meanwhile: this one must not commit.
 */
export async function noteCommit(manager: EntityManager): Promise<void> {
  const scope = currentScope();
  const attempt = scope?.attempt;
  if (!attempt || attempt.tenantId !== scope.tenantId) return;
  const noted: unknown[] = await manager.query(
    `WITH noted AS (UPDATE idempotency_keys SET state = 'committed' WHERE id = $1 RETURNING id) SELECT id FROM noted`,
    [attempt.id],
  );
  if (noted.length === 0) {
    throw new ConflictError(
      'Another request with this Idempotency-Key has taken over; nothing was changed by this one',
    );
  }
}
