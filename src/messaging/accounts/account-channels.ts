import { Injectable, type OnModuleInit } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { DataSource } from 'typeorm';
import { AccountMailService } from '../../auth/sign-in/account-mail.js';
import { inTenant } from '../../platform/request-scope.js';
import { NotificationChannel } from '../channels/notification-channel.entity.js';
import type { NoticeKind } from '../notices/notice.js';

/** What is told about accounts. */
export type AccountNotice = Extract<NoticeKind, 'password_reset' | 'address_check'>;

/** Finds the e-mail channel that a tenant's mails about accounts go by. */
@Injectable()
export class AccountChannels implements OnModuleInit {
  constructor(
    @InjectDataSource() private readonly dataSource: DataSource,
    private readonly mail: AccountMailService,
  ) {}

  onModuleInit(): void {
    this.mail.provide(async (tenantId) => {
      const channel = await inTenant(tenantId, () => this.find(tenantId, 'address_check'));
      return channel !== null;
    });
  }

  /** One that writes to each person before one of the team: its settings may hold another sender. */
  async find(tenantId: string, kind: AccountNotice): Promise<NotificationChannel | null> {
    const found = await this.dataSource.getRepository(NotificationChannel).find({
      where: { tenantId, kind: 'email', enabled: true },
      order: { audience: 'ASC', id: 'ASC' },
    });
    return found.find(({ noticeKinds }) => noticeKinds.length === 0 || noticeKinds.includes(kind)) ?? null;
  }
}
