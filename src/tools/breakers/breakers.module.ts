import { Module } from '@nestjs/common';
import { NotificationsModule } from '../../messaging/notices/notifications.module.js';
import { CircuitBreakers } from './circuit-breakers.js';
import { CircuitCleanup } from './circuit-cleanup.js';
import { CircuitRecords } from './circuit-records.js';

/** Circuit breakers of tools. */
@Module({
  imports: [NotificationsModule],
  providers: [CircuitBreakers, CircuitCleanup, CircuitRecords],
  exports: [CircuitBreakers],
})
export class BreakersModule {}
