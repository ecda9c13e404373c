import { Module } from '@nestjs/common';
import { LiveModule } from '../live/live.module.js';
import { CustomerArrivals } from './customer-arrivals.js';

/** Consultants, and how a new customer finds one. */
@Module({
  imports: [LiveModule],
  providers: [CustomerArrivals],
  exports: [CustomerArrivals],
})
export class ConsultantsModule {}
