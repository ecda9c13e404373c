import { Injectable, Logger, type OnModuleInit } from '@nestjs/common';
import { messageOf } from '../../platform/errors.js';
import { ChangeBus } from '../../platform/replicas/change-bus.js';
import { untilRead } from '../../platform/until-read.js';
import { LIVE_CHANGE } from './live-events.js';
import type { LiveConnection } from './live-connection.js';
import { type AddressedEvent, type FeedPage, isFor, LiveFeed } from './live-feed.js';
import { LiveIdentities } from './live-identities.js';
import { LiveWatch } from './live-watch.js';
import { CLOSE } from './live-protocol.js';

/** With the largest payloads, less than `LIVE_UNREAD_MAX_BYTES` by default: nobody is cut off for one page. */
const PAGE = 50;

/** The connections of one tenant on this replica. */
type Room = {
  readonly tenantId: string;
  readonly members: Set<LiveConnection>;
  /** Events up to this cursor were handed out; undefined until the first member is live. */
  head: number | undefined;
  /** There may be events after {@link head}. */
  hasNews: boolean;
  isReading: boolean;
};

/**
 * Hands events out. A connection is either live, and gets what its room reads, or catching up, and has its own part of the
 * events read; it becomes live in the moment in which it has come as far as its room. So nothing falls between the two, and the
 * cursor that it has reached keeps it from getting anything twice.
 */
@Injectable()
export class LiveRooms implements OnModuleInit {
  private readonly logger = new Logger(LiveRooms.name);
  private readonly rooms = new Map<string, Room>();

  constructor(
    private readonly feed: LiveFeed,
    private readonly changeBus: ChangeBus,
    private readonly identities: LiveIdentities,
    readonly watches: LiveWatch,
  ) {}

  onModuleInit(): void {
    // It does not wait for the reading: a publisher has no reason to wait for that.
    this.changeBus.subscribe(LIVE_CHANGE, async (change) => {
      for (const room of this.rooms.values()) if (!change || room.tenantId === change.id) this.wake(room);
    });
  }

  /** @param connection Signed in. It gets nothing before {@link follow}. */
  enter(connection: LiveConnection): void {
    const { tenantId } = connection.identity!.caller;
    const room = this.rooms.get(tenantId) ?? newRoom(tenantId);
    this.rooms.set(tenantId, room);
    room.members.add(connection);
  }

  leave(connection: LiveConnection): void {
    this.watches.leave(connection);
    const room = this.roomOf(connection);
    if (!room?.members.delete(connection) || room.members.size > 0) return;
    this.rooms.delete(room.tenantId);
  }

  /**
   * Sends everything after a cursor, and then what happens. Once in the life of a connection.
   *
   * @param after Undefined: only what happens from now on.
   */
  async begin(connection: LiveConnection, after: number | undefined): Promise<void> {
    const { caller } = connection.identity!;
    const from = after ?? (await this.feed.head(caller.tenantId));
    const { isComplete, cursor } = await this.feed.readFor(caller, from, 1);
    // A cursor from beyond our end is none of ours: nothing that happens would pass it.
    connection.position = Math.min(from, cursor);
    await this.catchUp(connection);
    if (connection.isClosed) return;
    connection.send({ type: 'caught_up', cursor: connection.position, complete: isComplete });
  }

  /** Brings a connection to its room's end and makes it live. One whose rights have changed has them read anew first. */
  async catchUp(connection: LiveConnection): Promise<void> {
    if (connection.isCatchingUp || connection.position === undefined) return;
    connection.isLive = false;
    connection.isCatchingUp = true;
    try {
      while (!connection.isClosed && !(await this.readOn(connection)));
    } catch (error) {
      this.logger.error(`Live events could not be sent: ${messageOf(error)}`);
      connection.close({
        code: CLOSE.internal,
        reason: 'Events could not be read; come back with your cursor',
      });
    } finally {
      connection.isCatchingUp = false;
    }
  }

  /** @returns Whether it is live now. */
  private async readOn(connection: LiveConnection): Promise<boolean> {
    if (!(await this.identities.keep(connection))) return false;
    const { caller } = connection.identity!;
    const page = await this.feed.readFor(caller, connection.position!, PAGE);
    if (!this.identities.isGood(connection)) return false;
    for (const event of page.events) {
      connection.sendEvent(event);
      if (connection.isFilling) await connection.flushed();
    }
    connection.position = Math.max(connection.position!, page.cursor);
    if (page.hasMore) await connection.flushed();
    return !page.hasMore && this.goLive(connection);
  }

  private goLive(connection: LiveConnection): boolean {
    const room = this.roomOf(connection);
    if (!room || connection.isClosed || !this.identities.isGood(connection)) return false;
    if (room.head !== undefined && room.head > connection.position!) return false;
    room.head ??= connection.position;
    connection.isLive = true;
    if (room.hasNews) this.wake(room);
    return true;
  }

  private wake(room: Room): void {
    room.hasNews = true;
    if (room.head === undefined || room.isReading) return;
    room.isReading = true;
    void this.readNews(room);
  }

  private async readNews(room: Room): Promise<void> {
    while (room.hasNews && room.members.size > 0) {
      room.hasNews = false;
      const read = () => this.feed.readAll(room.tenantId, room.head!, PAGE);
      const page = await untilRead(this.logger, 'Live events', read);
      for (const connection of room.members) this.handOut(connection, page);
      room.head = page.cursor;
      if (page.hasMore) room.hasNews = true;
    }
    room.isReading = false;
  }

  private handOut(connection: LiveConnection, { events, cursor }: FeedPage<AddressedEvent>): void {
    if (!connection.isLive) return;
    if (!this.identities.isGood(connection)) {
      connection.isLive = false;
      void this.catchUp(connection);
      return;
    }
    const { caller } = connection.identity!;
    for (const event of events) if (isFor(event, caller)) connection.sendEvent(event);
    connection.position = Math.max(connection.position!, cursor);
  }

  private roomOf(connection: LiveConnection): Room | undefined {
    return this.rooms.get(connection.identity?.caller.tenantId ?? '');
  }
}

function newRoom(tenantId: string): Room {
  return { tenantId, members: new Set(), head: undefined, hasNews: false, isReading: false };
}
