import { AuditTrail, systemActor } from '../../access/audit/audit-trail.js';
import { Tenant } from '../../access/tenant.entity.js';
import type { Config } from '../../platform/config.js';
import { acceptClock, watchClock } from '../../platform/database/trusted-clock.js';
import type { Databases } from './command-databases.js';

/** What the database's clock shows and what is trusted of it, for a terminal. */
export async function clockText({ system }: Databases, { env }: Config): Promise<string> {
  const { now, reachedAt, isAhead, skewSeconds } = await watchClock(system, env.CLOCK_LEAP_MAX_HOURS);
  const lines = [
    `the database shows  ${now.toISOString()} (${Math.round(skewSeconds)} s before the clock here)`,
    `trusted until       ${reachedAt.toISOString()}`,
    isAhead
      ? 'It has leapt ahead: nothing is removed for good. Set it right, or run: toolcrib clock accept'
      : 'It is trusted.',
  ];
  return `${lines.join('\n')}\n`;
}

/** A person says that the clock is right: on record with the tenant that runs the installation. */
export async function acceptClockOnRecord({ dataSource, system }: Databases): Promise<void> {
  const operating = await system.getRepository(Tenant).findOneByOrFail({ isOperating: true });
  const [{ now }] = await system.query<[{ now: Date }]>('SELECT database_clock() AS now');
  await new AuditTrail(dataSource).recordAct(systemActor(operating.id, 'clock accept'), {
    action: 'clock.accept',
    after: { now },
  });
  await acceptClock(system);
}
