import { Injectable } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { DataSource } from 'typeorm';
import type { Caller } from '../access/caller.js';
import { NotFoundError } from '../platform/errors.js';
import { FIND_USER, shorten, type UserRef } from './tool-arguments.js';

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

export const USER_CARD_COLUMNS =
  'id, username, display_name, email, phone, avatar_url, roles, tier, enabled, created_at';

/** Who is who in the caller's tenant, by id or username. Changes nothing. */
@Injectable()
export class DirectoryService {
  constructor(@InjectDataSource() private readonly dataSource: DataSource) {}

  /** One indexed query: the hot path of every agent. */
  async getUser(caller: Caller, ref: UserRef): Promise<UserCard> {
    const [column, value] = 'id' in ref ? ['id', ref.id] : ['username', ref.username];
    const rows = await this.dataSource.query<UserCard[]>(
      `SELECT ${USER_CARD_COLUMNS} FROM users WHERE tenant_id = $1 AND ${column} = $2`,
      [caller.tenantId, value],
    );
    const [user] = rows;
    if (!user) throw new NotFoundError(`No user '${shorten(value)}'`, { hint: FIND_USER });
    return user;
  }

  /** @throws {NotFoundError} No such user, or the user is not a customer. */
  async getCustomer(caller: Caller, ref: UserRef): Promise<UserCard> {
    const user = await this.getUser(caller, ref);
    if (user.roles.includes('customer')) return user;
    throw new NotFoundError(
      `User '${user.username}' is not a customer (roles: ${user.roles.join(', ') || 'none'})`,
      { hint: { tool: 'search_users', how: 'with role customer' } },
    );
  }
}
