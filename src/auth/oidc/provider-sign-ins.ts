import type { EntityManager } from 'typeorm';
import { lock } from '../../platform/database/advisory-locks.js';
import { issuerSpellings } from './issuer-rules.js';

const PEOPLE = 'SELECT user_id FROM oidc_identities WHERE tenant_id = $1 AND issuer = ANY ($2)';
const REVOKE = `UPDATE refresh_tokens SET revoked_at = now() WHERE revoked_at IS NULL AND family_id IN (
  SELECT id FROM sessions WHERE tenant_id = $1 AND method = 'oidc' AND user_id IN (${PEOPLE}))`;
const FORGET = `DELETE FROM one_time_tokens WHERE purpose IN ('oidc', 'mfa') AND user_id IN (${PEOPLE})`;

/**
 * Ends what people began through an issuer that is trusted no more, half-done sign-ins included; those by password go on. Statements
 * for all at once: a company has more people than one transaction may hold locks.
 */
export async function endSignInsThrough(
  manager: EntityManager,
  tenantId: string,
  issuer: string,
): Promise<void> {
  await lock(manager, 'tenantSignIns', tenantId);
  const parameters = [tenantId, issuerSpellings(issuer)];
  await manager.query(REVOKE, parameters);
  await manager.query(FORGET, parameters);
}
