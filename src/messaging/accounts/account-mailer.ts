import { Injectable, Logger, type OnModuleInit } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { DataSource } from 'typeorm';
import { z } from 'zod';
import { User } from '../../access/user.entity.js';
import { AccountMail } from '../../auth/sign-in/account-mail.js';
import { OneTimeTokens, TOKEN_MINUTES } from '../../auth/sign-in/one-time-tokens.js';
import type { JobContext } from '../../jobs/job-context.js';
import { Job } from '../../jobs/job.decorator.js';
import { Config } from '../../platform/config.js';
import { newId } from '../../platform/new-id.js';
import { inTenant } from '../../platform/request-scope.js';
import { Channels } from '../channels/channels.js';
import { NotificationChannel } from '../channels/notification-channel.entity.js';
import { DeliveryPreparation } from '../notices/delivery-preparation.js';
import type { NoticeKind } from '../notices/notice.js';
import { Recipients } from '../notices/recipients.js';

type AccountNotice = Extract<NoticeKind, 'password_reset' | 'address_check'>;
type Letter = {
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
export class AccountMailer implements OnModuleInit {
  private readonly logger = new Logger(AccountMailer.name);

  constructor(
    @InjectDataSource() private readonly dataSource: DataSource,
    private readonly mail: AccountMail,
    private readonly oneTime: OneTimeTokens,
    private readonly recipients: Recipients,
    private readonly preparation: DeliveryPreparation,
    private readonly channels: Channels,
    private readonly config: Config,
  ) {}

  onModuleInit(): void {
    this.mail.provide(
      async (tenantId) =>
        (await inTenant(tenantId, () => this.findChannel(tenantId, 'address_check'))) !== null,
    );
  }

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

  private async send({ kind, purpose, user, variables }: Letter, { signal }: JobContext): Promise<void> {
    const { id: userId, tenantId } = user;
    const channel = await this.findChannel(tenantId, kind);
    if (!channel) {
      this.logger.warn({ message: `No e-mail channel for ${kind}; nothing was sent`, tenantId });
      return;
    }
    const token = await this.dataSource.transaction((manager) =>
      this.oneTime.issue(manager, { tenantId, userId, purpose }),
    );
    // Another one for each attempt: a message that came before holds a token that works no more.
    const deliveryId = newId();
    const page = this.config.env.ACCOUNT_PAGE_URL;
    const notice = {
      kind,
      key: `account:${deliveryId}`,
      variables: { ...variables, token },
      link: page === undefined ? null : `${page}#${purpose}=${token}`,
      isUrgent: true,
      createdAt: new Date(),
    };
    const recipient = await this.recipients.ofUser(this.dataSource.manager, user);
    const prepared = await this.preparation.outgoingOf({ notice, deliveryId, channel, recipient });
    const limit = AbortSignal.timeout(this.config.env.NOTIFICATION_TIMEOUT_MS);
    await this.channels.deliver('email', { ...prepared, signal: AbortSignal.any([signal, limit]) });
  }

  /** One that writes to each person before one of the team: its settings may hold another sender. */
  private async findChannel(tenantId: string, kind: AccountNotice): Promise<NotificationChannel | null> {
    const found = await this.dataSource.getRepository(NotificationChannel).find({
      where: { tenantId, kind: 'email', enabled: true },
      order: { audience: 'ASC', id: 'ASC' },
    });
    return found.find(({ noticeKinds }) => noticeKinds.length === 0 || noticeKinds.includes(kind)) ?? null;
  }
}
