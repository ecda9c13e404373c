import { Injectable } from '@nestjs/common';
import type { Permission } from '../../access/permissions.js';

/** Something that grows all the time, too much of it to be told one by one. */
export type LiveTopic = {
  /** Who may know that there is more. */
  readonly permission: Permission;
  /**
   * Names the newest of it. Runs in the tenant's unit of work, once a second while somebody watches: it must be cheap.
   *
   * @returns Null when there is none.
   */
  readonly newest: (tenantId: string) => Promise<string | null>;
};

/** What clients may watch at `/ws`: features register it, and this folder does not know them. */
@Injectable()
export class LiveTopics {
  private readonly topics = new Map<string, LiveTopic>();

  /** Call it in `onModuleInit`. */
  register(name: string, topic: LiveTopic): void {
    if (this.topics.has(name)) throw new Error(`Two topics '${name}'`);
    this.topics.set(name, topic);
  }

  find(name: string): LiveTopic | undefined {
    return this.topics.get(name);
  }

  get names(): string[] {
    return [...this.topics.keys()];
  }
}
