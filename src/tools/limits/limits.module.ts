import { Module } from '@nestjs/common';
import { DayQuotas } from './day-quotas.js';
import { Limiter } from './limiter.js';

/** How much may be called. */
@Module({ providers: [DayQuotas, Limiter], exports: [Limiter] })
export class LimitsModule {}
