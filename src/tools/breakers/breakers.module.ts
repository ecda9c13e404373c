import { Module } from '@nestjs/common';
import { CircuitBreakers } from './circuit-breakers.js';

/** Circuit breakers of tools. */
@Module({
  providers: [CircuitBreakers],
  exports: [CircuitBreakers],
})
export class BreakersModule {}
