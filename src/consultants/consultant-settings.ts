import type { EntityManager } from 'typeorm';
import { lock } from '../platform/database/advisory-locks.js';
import { ConsultantSettings, type EscalationLevel } from './consultant-settings.entity.js';

/** What counts for a tenant that has set nothing. */
export const SETTING_DEFAULTS = {
  allocation: 'free',
  offerSeconds: 60,
  expectedResponseSeconds: 300,
  conversationLink: '',
  tellConsultants: true,
  language: 'en',
  levels: [
    { after_seconds: 300, roles: ['consultant'], user_ids: [], skills: [] },
    { after_seconds: 600, roles: ['owner', 'admin'], user_ids: [], skills: [] },
  ] as EscalationLevel[],
  alertAfterSeconds: 900,
  lastOfferedTo: null,
} as const;

export type SettingsInForce = Pick<
  ConsultantSettings,
  | 'allocation'
  | 'offerSeconds'
  | 'expectedResponseSeconds'
  | 'conversationLink'
  | 'tellConsultants'
  | 'language'
  | 'levels'
  | 'alertAfterSeconds'
  | 'lastOfferedTo'
>;

/** Read anew each time, so a change counts for the next customer, on every replica. */
export async function settingsOf(manager: EntityManager, tenantId: string): Promise<SettingsInForce> {
  return (await manager.findOneBy(ConsultantSettings, { tenantId })) ?? SETTING_DEFAULTS;
}

const NOTE = 'UPDATE consultant_settings SET last_offered_to = $2 WHERE tenant_id = $1';

/** Customers who are offered to one alone have their turn one after the other: each sees what the others were given. */
export async function takeTurn(manager: EntityManager, tenantId: string): Promise<SettingsInForce> {
  const settings = await settingsOf(manager, tenantId);
  if (settings.allocation === 'free') return settings;
  await lock(manager, 'consultantTurns', tenantId);
  return settingsOf(manager, tenantId);
}

/** Whoever allocates has set something, so there is a row. It is no change of the settings: their version stays. */
export async function noteTurn(manager: EntityManager, tenantId: string, userId: string): Promise<void> {
  await manager.query(NOTE, [tenantId, userId]);
}
