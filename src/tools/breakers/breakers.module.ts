import { Module } from '@nestjs/common';
import { CircuitBreakers } from './circuit-breakers.js';
import { CircuitsController } from './circuits.controller.js';
import { CircuitsService } from './circuits.service.js';

/** Circuit breakers of tools. */
@Module({
  controllers: [CircuitsController],
  providers: [CircuitBreakers, CircuitsService],
  exports: [CircuitBreakers],
})
export class BreakersModule {}
