import { Injectable, Logger, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { DataSource } from 'typeorm';
import { ifLockIsFree } from '../../platform/database/advisory-locks.js';
import { SYSTEM_DATABASE } from '../../platform/database/system-database.js';
import { RepeatedJob } from '../../platform/repeated-job.js';
import { MonthMergeJob } from './month-merge-job.js';
import { Partitions } from './partitions.js';
import { RetentionJob } from './retention-job.js';

const PAUSE_MS = 60_000;

/**
 * Keeps the call log in order, on one replica at a time: partitions for the days to come, what nobody keeps any more
 * removed, and days that are long over merged into months. At the start and then once a minute.
 */
@Injectable()
export class Housekeeping implements OnApplicationBootstrap, OnApplicationShutdown {
  private readonly job = new RepeatedJob(new Logger(Housekeeping.name), {
    name: 'Keeping the call log in order',
    pauseMs: PAUSE_MS,
    step: async () => {
      await this.keepHouse();
      return false;
    },
  });

  constructor(
    @InjectDataSource(SYSTEM_DATABASE) private readonly system: DataSource,
    private readonly partitions: Partitions,
    private readonly retention: RetentionJob,
    private readonly merge: MonthMergeJob,
  ) {}

  onApplicationBootstrap(): void {
    this.job.start();
  }

  async onApplicationShutdown(): Promise<void> {
    await this.job.stop();
  }

  /** @returns Whether it was done; another replica may be at it. */
  async keepHouse(): Promise<boolean> {
    const done = await ifLockIsFree(this.system, { name: 'callLogHousekeeping' }, async () => {
      await this.partitions.makeAhead();
      await this.retention.run();
      await this.merge.run(() => this.job.isStopping);
      return true;
    });
    return done ?? false;
  }
}
