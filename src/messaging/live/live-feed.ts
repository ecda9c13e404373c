import { Injectable } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { DataSource } from 'typeorm';
import type { UserCaller } from '../../access/caller.js';
import { inTenant } from '../../platform/request-scope.js';
import type { EventView } from './live-protocol.js';

/** Events after a cursor, and where whoever has read them stands. */
export type FeedPage<Event = EventView> = {
  readonly events: readonly Event[];
  /** Everything up to here was read, also what is not for the reader. */
  readonly cursor: number;
  readonly hasMore: boolean;
  /** False: events after the cursor have been removed since, or the cursor is none of ours. */
  readonly isComplete: boolean;
};

/** With whom it is for: to be handed out to several readers. */
export type AddressedEvent = EventView & {
  readonly userIds: readonly string[];
  readonly roles: readonly string[];
};

type Row = {
  readonly head: string;
  readonly removed_to: string;
  readonly cursor: string | null;
  readonly kind: string;
  readonly payload: EventView['payload'];
  readonly created_at: Date;
  readonly user_ids: string[];
  readonly roles: string[];
};

/** A page looks at no more events than this, also when none of them is for the reader. */
const LOOKED_AT_MAX = 2000;
/** One statement, so that the end of the feed and its events are of one moment. */
const READ = (isMeant: string) => `SELECT c.head, c.removed_to, e.* FROM
    (SELECT coalesce(max(last), 0) AS head, coalesce(max(removed_to), 0) AS removed_to FROM live_cursors WHERE tenant_id = $1) c
  LEFT JOIN LATERAL (SELECT cursor, kind, payload, created_at, user_ids, roles FROM live_events
    WHERE tenant_id = $1 AND cursor > $2
      AND cursor <= greatest($2, c.removed_to) + ${LOOKED_AT_MAX} ${isMeant} ORDER BY cursor LIMIT $3) e ON true ORDER BY e.cursor`;
const READ_ALL = READ('');
const READ_OWN = READ('AND ($4 = ANY (user_ids) OR roles && $5)');

/** Reads the events of a tenant. Row-level security holds: it is done in the tenant's unit of work. */
@Injectable()
export class LiveFeed {
  constructor(@InjectDataSource() private readonly dataSource: DataSource) {}

  /** What the caller may see, oldest first, at most `limit`. */
  async readFor(caller: UserCaller, after: number, limit: number): Promise<FeedPage> {
    const rows = await this.query(caller.tenantId, READ_OWN, [after, limit, caller.userId, caller.roles]);
    return pageOf(rows, after, limit, toView);
  }

  /** What anybody of the tenant may see, to be handed out by {@link isFor}. */
  async readAll(tenantId: string, after: number, limit: number): Promise<FeedPage<AddressedEvent>> {
    const rows = await this.query(tenantId, READ_ALL, [after, limit]);
    return pageOf(rows, after, limit, (row) => ({
      ...toView(row),
      userIds: row.user_ids,
      roles: row.roles,
    }));
  }

  /** The cursor of the newest event; 0: there was none. */
  async head(tenantId: string): Promise<number> {
    const rows = await this.query(tenantId, READ_ALL, [Number.MAX_SAFE_INTEGER, 1]);
    return Number(rows[0].head);
  }

  private query(tenantId: string, sql: string, parameters: readonly unknown[]): Promise<Row[]> {
    return inTenant(tenantId, () => this.dataSource.query<Row[]>(sql, [tenantId, ...parameters]));
  }
}

/** Whether the event is for a reader. */
export function isFor({ userIds, roles }: AddressedEvent, reader: UserCaller): boolean {
  return userIds.includes(reader.userId) || reader.roles.some((role) => roles.includes(role));
}

function pageOf<Event extends { readonly cursor: number }>(
  rows: readonly Row[],
  after: number,
  limit: number,
  viewOf: (row: Row) => Event,
): FeedPage<Event> {
  const events = rows.filter(({ cursor }) => cursor !== null).map(viewOf);
  const head = Number(rows[0].head);
  const removedTo = Number(rows[0].removed_to);
  const isFull = events.length === limit;
  const cursor = isFull ? events.at(-1)!.cursor : Math.min(head, Math.max(after, removedTo) + LOOKED_AT_MAX);
  const isComplete = after >= removedTo && after <= head;
  return { events, cursor, hasMore: cursor < head, isComplete };
}

function toView(row: Row): EventView {
  return {
    cursor: Number(row.cursor),
    kind: row.kind,
    payload: row.payload,
    created_at: row.created_at.toISOString(),
  };
}
