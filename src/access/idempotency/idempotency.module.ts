import { Module } from '@nestjs/common';
import { APP_INTERCEPTOR } from '@nestjs/core';
import { sweepOf } from '../../platform/sweep.js';
import { IdempotencyInterceptor } from './idempotency.interceptor.js';
import { IdempotencyService } from './idempotency.service.js';

const SWEEP_MS = 3_600_000;

/** Repeated POST requests are answered, not repeated. */
@Module({
  providers: [IdempotencyService, { provide: APP_INTERCEPTOR, useClass: IdempotencyInterceptor }],
  exports: [IdempotencyService],
})
export class IdempotencyModule {}

@Module({ imports: [IdempotencyModule], providers: [sweepOf(IdempotencyService, { pauseMs: SWEEP_MS })] })
export class IdempotencySweepModule {}
