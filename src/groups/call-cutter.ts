import { Injectable, type OnModuleInit } from '@nestjs/common';
import { ChangeBus } from '../platform/replicas/change-bus.js';
import { RunningCalls } from '../tools/pipe/running-calls.js';
import { CatalogStore } from './catalog-store.js';

/** Ends running calls that a change took the key, the tool or the group from, when the change asks for `cut`. */
@Injectable()
export class CallCutter implements OnModuleInit {
  constructor(
    private readonly catalogs: CatalogStore,
    private readonly running: RunningCalls,
    private readonly changeBus: ChangeBus,
  ) {}

  onModuleInit(): void {
    this.catalogs.onReplaced((before, after, inFlight) => {
      if (inFlight !== 'cut') return;
      this.running.cut(({ groupId, toolName, keyId }) => {
        if (groupId !== before.groupId) return false;
        return !after?.tools.has(toolName) || (keyId !== null && !this.catalogs.isLive(keyId));
      });
    });
    this.changeBus.subscribe('tenant', async (change) => {
      if (change?.inFlight === 'cut') this.running.cut(({ tenantId }) => tenantId === change.id);
    });
  }
}
