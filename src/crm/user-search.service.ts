import { Injectable } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { DataSource } from 'typeorm';
import type { Caller } from '../access/caller.js';
import type { Page } from '../platform/rest/envelope.js';
import { toPage } from '../platform/rest/paging.js';
import { USER_CARD_COLUMNS, type UserCard } from './directory.service.js';
import { decodeTimeCursor, timeKey } from './time-cursor.js';
import { searchConditions } from './user-search.js';

/*
 * A search looks through the newest users before it asks an index: a text that is frequent fills its page from these, and for a
 * rare one the index has few rows to fetch and sort. Left to itself, the planner guesses how frequent a text is, and a wrong
 * guess costs half a second at a million users.
 */
const LOOKED_THROUGH = 1000;
/** And so many when there are some hits among the first, but no page full of them: the index would have thousands of rows to fetch. */
const LOOKED_THROUGH_FURTHER = 10_000;
const SOME_HITS = 2;

const EMAIL = /^[^@\s]+@[^@\s.]+\.[^@\s]+$/;
/** E.164, as stored. */
const PHONE = /^\+\d{7,15}$/;
const NEWEST_FIRST = 'ORDER BY created_at DESC, id DESC';

export type UserSearch = {
  readonly query: string;
  readonly role?: string;
  readonly limit: number;
  readonly cursor?: string;
};

/** Finds users by a part of their names, or by their whole e-mail or phone. What matches is in `user-search.ts`. */
@Injectable()
export class UserSearchService {
  constructor(@InjectDataSource() private readonly dataSource: DataSource) {}

  /** Newest registration first. */
  async searchUsers(caller: Caller, search: UserSearch): Promise<Page<UserCard>> {
    const found = (await this.findExactly(caller, search)) ?? (await this.findByParts(caller, search));
    return toPage(found, search.limit, (row) => timeKey(row.created_at, row.id));
  }

  /** Null: the query is no e-mail address or phone number, or nobody has it. */
  private async findExactly(caller: Caller, search: UserSearch): Promise<UserCard[] | null> {
    const { query } = search;
    const column = EMAIL.test(query) ? 'email' : PHONE.test(query) ? 'phone' : null;
    if (column === null) return null;
    const { range, ofRole, bind, parameters } = scopeOf(caller, search);
    const found = await this.dataSource.query<UserCard[]>(
      `SELECT ${USER_CARD_COLUMNS} FROM user_search WHERE ${range} AND ${column} = ${bind(query.toLowerCase())} ${ofRole}
       ${NEWEST_FIRST} LIMIT $2`,
      parameters,
    );
    return found.length === 0 ? null : found;
  }

  /**
   * One statement, so that a search is one journey. Its parts are begun only when those before them did not fill the page
   * (one-time filters), the index only when there are more users than were looked through.
   */
  private findByParts(caller: Caller, search: UserSearch): Promise<UserCard[]> {
    const { range, ofRole, bind, parameters } = scopeOf(caller, search);
    const { plain, indexed } = searchConditions(search.query, bind);
    const hitsAmong = (newest: number) => `SELECT id FROM (
        SELECT id, display_name, username, email, phone, roles FROM user_search
        WHERE ${range} ${NEWEST_FIRST} LIMIT ${newest}) newest
      WHERE ${plain} ${ofRole} LIMIT $2`;
    const isFurtherWorthwhile = `(SELECT count(*) >= ${SOME_HITS} AND count(*) < $2 FROM near)`;
    // MATERIALIZED: without it the planner may walk ix_users_tenant_created from one end to the other.
    return this.dataSource.query<UserCard[]>(
      `WITH near AS MATERIALIZED (${hitsAmong(LOOKED_THROUGH)}),
       hit AS MATERIALIZED (
         SELECT id FROM near WHERE NOT ${isFurtherWorthwhile}
         UNION ALL SELECT id FROM (${hitsAmong(LOOKED_THROUGH_FURTHER)}) further WHERE ${isFurtherWorthwhile}),
       found AS MATERIALIZED (
         SELECT ${USER_CARD_COLUMNS} FROM user_search WHERE ${range} AND ${indexed} ${ofRole}
           AND (SELECT count(*) FROM hit) < $2
           AND EXISTS (SELECT FROM user_search WHERE ${range} ${NEWEST_FIRST} OFFSET ${LOOKED_THROUGH}))
       SELECT * FROM found
       UNION ALL
       SELECT ${USER_CARD_COLUMNS} FROM hit JOIN user_search USING (id) WHERE NOT EXISTS (SELECT FROM found)
       ${NEWEST_FIRST} LIMIT $2`,
      parameters,
    );
  }
}

/** Whose rows, from where on; `$2` is one more than the page holds. */
function scopeOf({ tenantId }: Caller, { role, limit, cursor }: UserSearch) {
  const parameters: unknown[] = [tenantId, limit + 1];
  const bind = (value: unknown): string => `$${parameters.push(value)}`;
  const ofRole = role === undefined ? '' : `AND roles @> ARRAY[${bind(role)}]::varchar[]`;
  let range = 'tenant_id = $1';
  if (cursor !== undefined) {
    const { time, id } = decodeTimeCursor(cursor);
    range += ` AND (created_at, id) < (${bind(time)}::timestamptz, ${bind(id)}::uuid)`;
  }
  return { range, ofRole, bind, parameters };
}
