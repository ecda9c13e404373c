import { Injectable } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { DataSource } from 'typeorm';
import { CallLogWriter } from '../../call-logs/writing/call-log.writer.js';
import { ChangeBus } from '../../platform/replicas/change-bus.js';
import { Replica } from '../../platform/replicas/replica.js';
import type { HealthCheckDto, ReadinessDto } from './health.dto.js';

const DATABASE_LIMIT_MS = 2000;

/** Whether this replica can serve: for load balancers and orchestrators. Says nothing of any tenant. */
@Injectable()
export class HealthService {
  constructor(
    @InjectDataSource() private readonly dataSource: DataSource,
    private readonly replica: Replica,
    private readonly changeBus: ChangeBus,
    private readonly callLog: CallLogWriter,
  ) {}

  async check(): Promise<ReadinessDto> {
    const checks = {
      database: await this.checkDatabase(),
      changes: this.checkChanges(),
      call_log: toCheck(this.callLog.state.writable, 'The call log cannot be written; calls are refused'),
    };
    const ready = Object.values(checks).every(({ ok }) => ok);
    return { ready, replica: this.replica.name, checks };
  }

  private checkChanges(): HealthCheckDto {
    if (!this.replica.mayServe) {
      return toCheck(
        false,
        'The lease has run out: the database was not reached in time, so a key may be revoked without our knowing. Calls are refused',
      );
    }
    return toCheck(this.changeBus.isListening, 'The connection that hears of changes is being opened again');
  }

  private async checkDatabase(): Promise<HealthCheckDto> {
    const reason = 'The database does not answer';
    let timer: NodeJS.Timeout | undefined;
    const limit = new Promise<false>((resolve) => {
      timer = setTimeout(() => resolve(false), DATABASE_LIMIT_MS);
    });
    const answers = this.dataSource.query('SELECT 1').then(
      () => true,
      () => false,
    );
    const isThere = await Promise.race([answers, limit]);
    clearTimeout(timer);
    return toCheck(isThere, reason);
  }
}

function toCheck(ok: boolean, reason: string): HealthCheckDto {
  return ok ? { ok } : { ok, reason };
}
