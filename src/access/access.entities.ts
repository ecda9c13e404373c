import { AdminAuditLog } from './audit/audit-log.entity.js';
import { Feature } from './features/feature.entity.js';
import { IdempotencyKey } from './idempotency/idempotency-key.entity.js';
import { Tenant } from './tenant.entity.js';
import { User } from './user.entity.js';

/** Lists the tables that this room owns. */
export const accessEntities = [AdminAuditLog, Feature, IdempotencyKey, Tenant, User] as const;
