import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { AutomationSettings } from '../automation-settings.js';
import { readTechnicalTargets } from '../numbers/technical-targets.js';
import { Troubles } from './troubles.js';

const KIND = 'automation_target_missed';
const WINDOW_MINUTES = 60;
const SPAN = `SELECT now() - make_interval(mins => ${WINDOW_MINUTES}) AS "from", now() + interval '1 second' AS "to"`;

/** Tells of targets that the last hour has missed for a while. */
@Injectable()
export class TargetWatch {
  constructor(
    private readonly troubles: Troubles,
    private readonly settings: AutomationSettings,
  ) {}

  /** @param manager Of a transaction that belongs to the tenant. */
  async look(manager: EntityManager, tenantId: string): Promise<void> {
    const { alertAfterMinutes } = await this.settings.of(tenantId, manager);
    const [span] = await manager.query<[{ from: Date; to: Date }]>(SPAN);
    for (const { name, result, must_be: mustBe, target, value } of await readTechnicalTargets(
      manager,
      tenantId,
      span,
    )) {
      if (result !== 'missed' || alertAfterMinutes === 0) {
        await this.troubles.end(manager, { tenantId, name, kind: KIND });
        continue;
      }
      await this.troubles.see(manager, {
        tenantId,
        name,
        kind: KIND,
        title: `${name} has missed its target for ${alertAfterMinutes} minutes`,
        detail:
          `Over the last ${WINDOW_MINUTES} minutes it is ${value}, and is to be ${mustBe.replace('_', ' ')} ${target}. What failed is told by ` +
          'GET /api/v1/admin/registration-automation/dashboard?days=1, under errors. This ends by itself when the target is met again',
        alertAfterMinutes,
      });
    }
  }
}
