import { Injectable, Logger, type OnModuleInit } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { DataSource } from 'typeorm';
import type { Caller } from '../caller.js';
import { type Change, ChangeBus } from '../../platform/replicas/change-bus.js';
import { SYSTEM_DATABASE } from '../../platform/database/system-database.js';
import { untilRead } from '../../platform/until-read.js';
import { Feature } from './feature.entity.js';
import { isOnFor, offReason, type OffReason, type Subject } from './rollout.js';

/**
 * Which features are on for whom, from memory: no SQL. Every replica holds all switches and hears of each change before the
 * API has answered it. A tenant's own switch replaces the installation's of the same name as a whole.
 */
@Injectable()
export class FeaturesService implements OnModuleInit {
  private readonly logger = new Logger(FeaturesService.name);
  private readonly byId = new Map<string, Feature>();
  private readonly byName = new Map<string, Feature>();
  /** One after the other, so that a later read never loses against an earlier one. */
  private lastLoad: Promise<void> = Promise.resolve();

  constructor(
    @InjectDataSource(SYSTEM_DATABASE) private readonly system: DataSource,
    private readonly changeBus: ChangeBus,
  ) {}

  onModuleInit(): void {
    this.changeBus.subscribe('feature', (change) => this.takeOver(change));
  }

  /** A feature without a switch is off. */
  isEnabled(feature: string, caller: Caller): boolean {
    const rule = this.ruleOf(feature, caller);
    return rule !== undefined && isOnFor(rule, caller);
  }

  /**
   * Why a feature is off for somebody. For work in the background, which begins before the switches have been read for the first
   * time: it waits for them.
   *
   * @returns Null: it is on.
   */
  async whyOff(feature: string, subject: Subject): Promise<OffReason | null> {
    await this.changeBus.ready;
    const rule = this.ruleOf(feature, subject);
    return rule === undefined ? 'off' : offReason(rule, subject);
  }

  /** Every feature with a switch that counts for the caller's tenant, by name. */
  listFor(caller: Caller): readonly { readonly name: string; readonly enabled: boolean }[] {
    const names = new Set<string>();
    for (const { tenantId, name } of this.byId.values()) {
      if (tenantId === null || tenantId === caller.tenantId) names.add(name);
    }
    return [...names].toSorted().map((name) => ({ name, enabled: this.isEnabled(name, caller) }));
  }

  private takeOver(change: Change | null): Promise<void> {
    const run = this.lastLoad.then(() => untilRead(this.logger, 'Feature switches', () => this.load(change)));
    this.lastLoad = run;
    return run;
  }

  private async load(change: Change | null): Promise<void> {
    const found = await this.system.getRepository(Feature).findBy(change ? { id: change.id } : {});
    for (const id of change ? [change.id] : [...this.byId.keys()]) this.forget(id);
    for (const feature of found) {
      this.byId.set(feature.id, feature);
      this.byName.set(keyOf(feature.tenantId, feature.name), feature);
    }
  }

  private ruleOf(feature: string, { tenantId }: Subject): Feature | undefined {
    return this.byName.get(keyOf(tenantId, feature)) ?? this.byName.get(keyOf(null, feature));
  }

  private forget(id: string): void {
    const feature = this.byId.get(id);
    if (!feature) return;
    this.byId.delete(id);
    const key = keyOf(feature.tenantId, feature.name);
    // It may have been deleted and made again, and the new one heard of first.
    if (this.byName.get(key)?.id === id) this.byName.delete(key);
  }
}

function keyOf(tenantId: string | null, name: string): string {
  return `${tenantId ?? ''}:${name}`;
}
