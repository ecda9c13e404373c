import { Injectable } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { DataSource } from 'typeorm';
import type { Caller } from '../auth/caller.js';
import type { Page } from '../common/envelope.js';
import { NotFoundError } from '../common/errors.js';
import { toPage } from '../common/paging.js';
import { decodeTimeCursor, timeKey } from './time-cursor.js';
import { shorten, type UserRef } from './tool-arguments.js';
import { searchCondition } from './user-search.js';

/** What the business side may see of a user: no password, no session. */
export type UserCard = {
  readonly id: string;
  readonly username: string;
  readonly display_name: string;
  readonly email: string;
  readonly phone: string | null;
  readonly avatar_url: string | null;
  readonly roles: readonly string[];
  readonly tier: string;
  readonly enabled: boolean;
  readonly created_at: Date;
};

const CARD = 'id, username, display_name, email, phone, avatar_url, roles, tier, enabled, created_at';

/** Finds users of the caller's tenant, by id, username or a part of their names. Changes nothing. */
@Injectable()
export class DirectoryService {
  constructor(@InjectDataSource() private readonly dataSource: DataSource) {}

  /** One indexed query: the hot path of every agent. */
  async getUser(caller: Caller, ref: UserRef): Promise<UserCard> {
    const [column, value] = 'id' in ref ? ['id', ref.id] : ['username', ref.username];
    const rows = await this.dataSource.query<UserCard[]>(
      `SELECT ${CARD} FROM users WHERE tenant_id = $1 AND ${column} = $2`,
      [caller.tenantId, value],
    );
    const [user] = rows;
    if (!user) throw new NotFoundError(`No user '${shorten(value)}'. Use search_users to find the id`);
    return user;
  }

  /** @throws {NotFoundError} No such user, or the user is not a customer. */
  async getCustomer(caller: Caller, ref: UserRef): Promise<UserCard> {
    const user = await this.getUser(caller, ref);
    if (user.roles.includes('customer')) return user;
    throw new NotFoundError(
      `User '${user.username}' is not a customer (roles: ${user.roles.join(', ') || 'none'}). ` +
        'Use search_users with role customer',
    );
  }

  /** Newest registration first. Which texts are searched, and how, is in `user-search.ts`. */
  async searchUsers(
    caller: Caller,
    query: string,
    options: { readonly role?: string; readonly limit: number; readonly cursor?: string },
  ): Promise<Page<UserCard>> {
    const parameters: unknown[] = [caller.tenantId, options.limit + 1];
    const bind = (value: unknown): string => `$${parameters.push(value)}`;
    const conditions = ['tenant_id = $1', searchCondition(query, bind)];
    if (options.role !== undefined) conditions.push(`roles @> ARRAY[${bind(options.role)}]::varchar[]`);
    if (options.cursor !== undefined) {
      const { time, id } = decodeTimeCursor(options.cursor);
      conditions.push(`(created_at, id) < (${bind(time)}::timestamptz, ${bind(id)}::uuid)`);
    }
    const rows = await this.dataSource.query<UserCard[]>(
      `SELECT ${CARD} FROM users WHERE ${conditions.join(' AND ')} ORDER BY created_at DESC, id DESC LIMIT $2`,
      parameters,
    );
    return toPage(rows, options.limit, (row) => timeKey(row.created_at, row.id));
  }
}
