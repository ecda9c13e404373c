import { Injectable, Logger, type OnModuleInit } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { DataSource } from 'typeorm';
import { type Change, ChangeBus } from '../platform/replicas/change-bus.js';
import { SYSTEM_DATABASE } from '../platform/database/system-database.js';
import { untilRead } from '../platform/until-read.js';
import type { JobKind } from './job-registry.js';
import { JobSetting } from './job-setting.entity.js';

/** How jobs of a kind are run for a tenant. */
export type JobPlan = Pick<JobKind, 'retrySeconds' | 'timeoutSeconds'>;

/** What tenants set for kinds of jobs, from memory. Every replica hears of each change before the API has answered it. */
@Injectable()
export class JobSettings implements OnModuleInit {
  private readonly logger = new Logger(JobSettings.name);
  private readonly byId = new Map<string, JobSetting>();
  private readonly byKind = new Map<string, JobSetting>();
  /** One after the other, so that a later read never loses against an earlier one. */
  private lastLoad: Promise<void> = Promise.resolve();

  constructor(
    @InjectDataSource(SYSTEM_DATABASE) private readonly system: DataSource,
    private readonly changeBus: ChangeBus,
  ) {}

  onModuleInit(): void {
    this.changeBus.subscribe('job_setting', (change) => {
      this.lastLoad = this.lastLoad.then(() => this.load(change));
      return this.lastLoad;
    });
  }

  planOf(tenantId: string, { kind, retrySeconds, timeoutSeconds }: JobKind): JobPlan {
    const set = this.byKind.get(keyOf(tenantId, kind));
    return {
      retrySeconds: set?.retrySeconds ?? retrySeconds,
      timeoutSeconds: set?.timeoutSeconds ?? timeoutSeconds,
    };
  }

  private async load(change: Change | null): Promise<void> {
    const found = await untilRead(this.logger, 'The settings of jobs', () =>
      this.system.getRepository(JobSetting).findBy(change ? { id: change.id } : {}),
    );
    for (const id of change ? [change.id] : [...this.byId.keys()]) this.forget(id);
    for (const setting of found) {
      this.byId.set(setting.id, setting);
      this.byKind.set(keyOf(setting.tenantId, setting.kind), setting);
    }
  }

  private forget(id: string): void {
    const setting = this.byId.get(id);
    if (!setting) return;
    this.byId.delete(id);
    const key = keyOf(setting.tenantId, setting.kind);
    if (this.byKind.get(key) === setting) this.byKind.delete(key);
  }
}

function keyOf(tenantId: string, kind: string): string {
  return `${tenantId} ${kind}`;
}
