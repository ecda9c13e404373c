import { Injectable, Logger } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { DataSource } from 'typeorm';
import { z } from 'zod';
import { User } from '../../access/user.entity.js';
import { OneTimeTokens, TOKEN_MINUTES } from '../../auth/sign-in/one-time-tokens.js';
import type { JobContext } from '../../jobs/job-context.js';
import { Job } from '../../jobs/job.decorator.js';
import { type AccountNotice, AccountChannels } from './account-channels.js';
import { AccountPostService } from './account-post.js';
import { Config } from '../../platform/config.js';

type Order = {
  readonly kind: AccountNotice;
  readonly purpose: 'password_reset' | 'address';
  readonly user: User;
  readonly variables: Readonly<Record<string, string>>;
};

const payload = z.object({ user_id: z.uuid() });
const RETRY_SECONDS = [10, 60, 300];

/**
 * Sends what opens an account: only by mail and only to the account's own address, whatever its person turned off. The token is made
 * for each attempt and kept nowhere but in the message; the one before stops working.
 */
@Injectable()
export class AccountMailJobs {
  private readonly logger = new Logger(AccountMailJobs.name);

  constructor(
    @InjectDataSource() private readonly dataSource: DataSource,
    private readonly oneTime: OneTimeTokens,
    private readonly channels: AccountChannels,
    private readonly post: AccountPostService,
    private readonly config: Config,
  ) {}

  @Job({
    kind: 'accounts.mail_password_reset',
    description: 'Mails a token for a new password to who asked for one',
    on: 'user.password_forgotten',
    payload,
    retrySeconds: RETRY_SECONDS,
  })
  async mailPasswordReset({ user_id: id }: z.output<typeof payload>, context: JobContext): Promise<void> {
    const user = await this.dataSource.getRepository(User).findOneBy({ id, enabled: true });
    if (!user) return;
    const variables = { minutes: String(TOKEN_MINUTES.password_reset) };
    await this.send({ kind: 'password_reset', purpose: 'password_reset', user, variables }, context);
  }

  @Job({
    kind: 'accounts.mail_address_check',
    description: 'Mails a token that proves an address to who registered with it',
    on: 'user.address_claimed',
    payload,
    retrySeconds: RETRY_SECONDS,
  })
  async mailAddressCheck({ user_id: id }: z.output<typeof payload>, context: JobContext): Promise<void> {
    const user = await this.dataSource.getRepository(User).findOneBy({ id });
    if (!user?.unverifiedSince) return;
    const variables = { hours: String(TOKEN_MINUTES.address / 60) };
    await this.send({ kind: 'address_check', purpose: 'address', user, variables }, context);
  }

  private async send({ purpose, ...letter }: Order, { signal }: JobContext): Promise<void> {
    const { id: userId, tenantId } = letter.user;
    const channel = await this.channels.find(tenantId, letter.kind);
    if (!channel) {
      this.logger.warn({ message: `No e-mail channel for ${letter.kind}; nothing was sent`, tenantId });
      return;
    }
    const token = await this.dataSource.transaction((manager) =>
      this.oneTime.issue(manager, { tenantId, userId, purpose }),
    );
    const page = this.config.env.ACCOUNT_PAGE_URL;
    const link = page === undefined ? null : `${page}#${purpose}=${token}`;
    await this.post.send({ ...letter, variables: { ...letter.variables, token }, link, channel }, signal);
  }
}
