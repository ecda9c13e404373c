import { type BeforeApplicationShutdown, Injectable, Logger } from '@nestjs/common';
import { isAllowed, PERMISSIONS } from '../../access/permissions.js';
import { ForbiddenError, InvalidInputError, messageOf } from '../../platform/errors.js';
import { inTenant } from '../../platform/request-scope.js';
import type { LiveConnection } from './live-connection.js';
import { type ClientMessage, watchMessage } from './live-protocol.js';
import { LiveTopics } from './live-topics.js';

const LOOK_MS = 1000;

/** One topic of one tenant, and who watches it on this replica. */
type Watched = {
  readonly tenantId: string;
  readonly topic: string;
  readonly watchers: Set<LiveConnection>;
  /** Undefined before the first look. */
  newest: string | null | undefined;
  isLooking: boolean;
};

/**
 * Tells clients that there is more of what they watch, once a second at most, and no more than that: they read it over REST, with
 * their own filters. Nothing is looked at while nobody watches, and whoever makes the news does not know of it.
 */
@Injectable()
export class LiveWatch implements BeforeApplicationShutdown {
  private readonly logger = new Logger(LiveWatch.name);
  private readonly watched = new Map<string, Watched>();
  private timer: NodeJS.Timeout | undefined;

  constructor(private readonly topics: LiveTopics) {}

  beforeApplicationShutdown(): void {
    clearInterval(this.timer);
  }

  /**
   * From now on the connection is told of these topics, and of no others.
   *
   * @returns What is watched now.
   * @throws {AppError} There is no such topic, or it is not for them; what was watched before stays.
   */
  watch(connection: LiveConnection, message: ClientMessage): { readonly topics: readonly string[] } {
    const parsed = watchMessage.safeParse(message);
    const names = this.topics.names.join(', ');
    if (!parsed.success) throw new InvalidInputError(`topics must be a list of: ${names}`);
    const { topics } = parsed.data;
    for (const topic of topics) this.requireAllowed(connection, topic, names);
    this.leave(connection, topics);
    for (const topic of topics) this.enter(connection, topic);
    return { topics };
  }

  /** @param but Topics that go on: what is known of them is kept, so that nothing new is missed. */
  leave(connection: LiveConnection, but: readonly string[] = []): void {
    for (const [key, entry] of this.watched) {
      if (but.includes(entry.topic)) continue;
      if (entry.watchers.delete(connection) && entry.watchers.size === 0) this.watched.delete(key);
    }
    if (this.watched.size > 0) return;
    clearInterval(this.timer);
    this.timer = undefined;
  }

  private requireAllowed({ identity }: LiveConnection, name: string, names: string): void {
    const topic = this.topics.find(name);
    if (!topic) throw new InvalidInputError(`No topic '${name}'; there are: ${names}`);
    if (isAllowed(identity!.caller, topic.permission)) return;
    const roles = PERMISSIONS[topic.permission].join(', ');
    throw new ForbiddenError(
      `This needs the permission ${topic.permission}, which these roles have: ${roles}`,
    );
  }

  private enter(connection: LiveConnection, topic: string): void {
    const { tenantId } = connection.identity!.caller;
    const key = `${tenantId} ${topic}`;
    const fresh = {
      tenantId,
      topic,
      watchers: new Set<LiveConnection>(),
      newest: undefined,
      isLooking: false,
    };
    const entry: Watched = this.watched.get(key) ?? fresh;
    if (entry.watchers.has(connection)) return;
    entry.watchers.add(connection);
    this.watched.set(key, entry);
    void this.look(entry);
    this.timer ??= setInterval(() => this.lookAtAll(), LOOK_MS).unref();
  }

  private lookAtAll(): void {
    for (const entry of this.watched.values()) void this.look(entry);
  }

  private async look(entry: Watched): Promise<void> {
    if (entry.isLooking) return;
    entry.isLooking = true;
    const { tenantId, topic } = entry;
    try {
      const newest = await inTenant(tenantId, () => this.topics.find(topic)!.newest(tenantId));
      if (entry.newest !== undefined && newest !== entry.newest) this.tell(entry);
      entry.newest = newest;
    } catch (error) {
      this.logger.warn(`What is new of ${topic} could not be read: ${messageOf(error)}`);
    } finally {
      entry.isLooking = false;
    }
  }

  /** Rights may have changed since they began to watch. */
  private tell({ topic, watchers }: Watched): void {
    const { permission } = this.topics.find(topic)!;
    for (const connection of watchers)
      if (connection.identity && isAllowed(connection.identity.caller, permission))
        connection.send({ type: 'news', topic });
  }
}
