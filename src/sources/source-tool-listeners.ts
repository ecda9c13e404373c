import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';

/** Which tools of a tenant's sources look or behave otherwise from now on; rows that are about to be deleted count. */
export type ChangedTools = { readonly tenantId: string; readonly toolIds: readonly string[] };
/** Part of the transaction that changes them. */
export type SourceToolListener = (manager: EntityManager, changed: ChangedTools) => Promise<void>;

/** Tells whoever holds tools of sources, the groups, that some have changed: they stand above this room and register here. */
@Injectable()
export class SourceToolListeners {
  private readonly listeners: SourceToolListener[] = [];

  /** Register in `onModuleInit`. */
  onChanged(listener: SourceToolListener): void {
    this.listeners.push(listener);
  }

  async tell(manager: EntityManager, changed: ChangedTools): Promise<void> {
    if (changed.toolIds.length === 0) return;
    for (const listener of this.listeners) await listener(manager, changed);
  }
}
