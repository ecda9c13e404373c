import { Injectable } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { DataSource } from 'typeorm';
import { AuditTrail } from '../../access/audit/audit-trail.js';
import type { UserCaller } from '../../access/caller.js';
import { Config } from '../../platform/config.js';
import { SYSTEM_DATABASE } from '../../platform/database/system-database.js';
import { acceptClock, watchClock } from '../../platform/database/trusted-clock.js';
import type { ClockDto } from './clock.dto.js';

/** What time is trusted, and a person's word that it is right. */
@Injectable()
export class ClockService {
  constructor(
    @InjectDataSource(SYSTEM_DATABASE) private readonly system: DataSource,
    private readonly audit: AuditTrail,
    private readonly config: Config,
  ) {}

  async get(): Promise<ClockDto> {
    const { now, reachedAt, isAhead, skewSeconds } = await watchClock(
      this.system,
      this.config.env.CLOCK_LEAP_MAX_HOURS,
    );
    return { now, reached_at: reachedAt, is_ahead: isAhead, skew_seconds: Math.round(skewSeconds) };
  }

  /** From now on the database's clock is trusted again. On record before it is. */
  async accept(caller: UserCaller): Promise<ClockDto> {
    const { reached_at, now } = await this.get();
    await this.audit.recordAct(caller, { action: 'clock.accept', before: { reached_at }, after: { now } });
    await acceptClock(this.system);
    return this.get();
  }
}
