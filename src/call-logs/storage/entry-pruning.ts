import { Injectable } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { DataSource } from 'typeorm';
import { trustedNow } from '../../platform/database/trusted-clock.js';
import { SYSTEM_DATABASE } from '../../platform/database/system-database.js';
import { CallLogRemovals } from '../chain/removals.js';
import { dayOf } from './partitions.js';
import { oldestCall } from './stretches.js';

const DAY_MS = 86_400_000;
/** Batches that one transaction changes. */
const AT_ONCE = 1000;
const PRUNE = 'SELECT prune_call_log_entries($1, $2, $3) AS pruned';

/**
 * Takes the entries out of batches of which retention has removed every record: nearly all of a batch's bytes, and all that
 * tells of single records. Its summary stays, so that the chain goes on to verify. What may be gone is signed before.
 */
@Injectable()
export class EntryPruning {
  constructor(
    @InjectDataSource(SYSTEM_DATABASE) private readonly system: DataSource,
    private readonly removals: CallLogRemovals,
  ) {}

  /** Of tenants whose records were removed. */
  async prune(tenantIds: Iterable<string>): Promise<void> {
    for (const tenantId of tenantIds) await this.pruneTenant(tenantId);
  }

  private async pruneTenant(tenantId: string): Promise<void> {
    const at = await oldestCall(this.system, tenantId);
    const yesterday = (await trustedNow(this.system)).getTime() - DAY_MS; // of which calls may still run
    const before = new Date(`${dayOf(Math.min(at?.getTime() ?? yesterday, yesterday))}T00:00:00Z`);
    let pruned = AT_ONCE;
    for (let batch = 0; pruned === AT_ONCE; batch += 1) {
      pruned = await this.system.transaction(async (manager) => {
        if (batch === 0) await this.removals.recordPruning(manager, { tenantId, before });
        const [row] = await manager.query<[{ pruned: number }]>(PRUNE, [tenantId, before, AT_ONCE]);
        return row.pruned;
      });
    }
  }
}
