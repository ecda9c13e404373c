import { Module } from '@nestjs/common';
import { AuthModule } from '../auth/auth.module.js';
import { LiveEvents } from './live-events.js';

/** What happens, told to people as it happens. A feature that has something to tell imports this module. */
@Module({
  imports: [AuthModule],
  providers: [LiveEvents],
  exports: [LiveEvents],
})
export class LiveModule {}
