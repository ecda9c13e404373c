import { Global, Module } from '@nestjs/common';
import { AuditTrail } from './audit-trail.js';

/** What administrators did. Global: every change of every feature is recorded through it. */
@Global()
@Module({
  providers: [AuditTrail],
  exports: [AuditTrail],
})
export class AuditModule {}
