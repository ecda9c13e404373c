import type { Room } from '../platform/room.js';
import { AuditLogsModule } from './audit/audit-logs.module.js';
import { AuditModule } from './audit/audit.module.js';
import { FeaturesModule } from './features/features.module.js';
import { IdempotencyModule, IdempotencySweepModule } from './idempotency/idempotency.module.js';

export const access: Room = {
  everywhere: [AuditModule, AuditLogsModule, IdempotencyModule, FeaturesModule],
  worker: [IdempotencySweepModule],
};
