import { Module } from '@nestjs/common';
import { CallLogsModule } from '../../call-logs/call-logs.module.js';
import { HealthService } from './health.service.js';

/** Whether a process that stays is well. */
@Module({ imports: [CallLogsModule], providers: [HealthService], exports: [HealthService] })
export class HealthModule {}
