import { Injectable } from '@nestjs/common';
import { InjectDataSource, InjectRepository } from '@nestjs/typeorm';
import { DataSource, Repository } from 'typeorm';
import type { Caller } from '../access/caller.js';
import { User } from '../access/user.entity.js';
import { CustomerProfile } from './customer-profile.entity.js';
import { DirectoryService, type UserCard } from './directory.service.js';
import type { UserRef } from './tool-arguments.js';

/** What lies behind a customer, in numbers. Times are null when nothing of the kind is on record. */
export type CustomerHistory = {
  readonly conversations: number;
  readonly consultations: number;
  readonly lastConsultationAt: Date | null;
  readonly treatments: readonly {
    readonly project: string | null;
    readonly count: number;
    readonly lastAt: Date;
  }[];
  readonly paid: readonly { readonly currency: string; readonly amountCents: number }[];
  readonly openTasks: number;
};

export type CustomerFile = {
  readonly user: UserCard;
  /** Null: nobody has written a file yet. */
  readonly profile: CustomerProfile | null;
  readonly consultantName: string | null;
  readonly history: CustomerHistory;
};

const HISTORY = `SELECT
  (SELECT count(*)::int FROM conversations WHERE tenant_id = $1 AND user_id = $2) AS conversations,
  (SELECT count(*)::int FROM consultations WHERE tenant_id = $1 AND user_id = $2) AS consultations,
  (SELECT max(started_at) FROM consultations WHERE tenant_id = $1 AND user_id = $2) AS "lastConsultationAt",
  (SELECT count(*)::int FROM tasks WHERE tenant_id = $1 AND user_id = $2 AND closed_at IS NULL) AS "openTasks"`;

const TREATMENTS = `SELECT p.name AS project, count(*)::int AS count, max(t.performed_at) AS "lastAt"
  FROM treatments t LEFT JOIN projects p ON p.id = t.project_id
  WHERE t.tenant_id = $1 AND t.user_id = $2 GROUP BY p.name ORDER BY max(t.performed_at) DESC LIMIT 50`;

const PAID = `SELECT currency, sum(amount_paid_cents)::float8 AS "amountCents"
  FROM treatments WHERE tenant_id = $1 AND user_id = $2 GROUP BY currency ORDER BY currency`;

/** The customer's file: what the team wrote down, and what the rows add up to. */
@Injectable()
export class CustomersService {
  constructor(
    private readonly directory: DirectoryService,
    @InjectRepository(CustomerProfile) private readonly profiles: Repository<CustomerProfile>,
    @InjectRepository(User) private readonly users: Repository<User>,
    @InjectDataSource() private readonly dataSource: DataSource,
  ) {}

  async getFile(caller: Caller, ref: UserRef): Promise<CustomerFile> {
    const user = await this.directory.getCustomer(caller, ref);
    const [profile, history] = await Promise.all([
      this.findProfile(caller, user.id),
      this.getHistory(caller, user.id),
    ]);
    const consultantName = await this.findDisplayName(caller, profile?.consultantId ?? null);
    return { user, profile, consultantName, history };
  }

  findProfile(caller: Caller, userId: string): Promise<CustomerProfile | null> {
    return this.profiles.findOneBy({ tenantId: caller.tenantId, userId });
  }

  private async getHistory(caller: Caller, userId: string): Promise<CustomerHistory> {
    const parameters = [caller.tenantId, userId];
    const [[counts], treatments, paid] = await Promise.all([
      this.dataSource.query<[Omit<CustomerHistory, 'treatments' | 'paid'>]>(HISTORY, parameters),
      this.dataSource.query<CustomerHistory['treatments']>(TREATMENTS, parameters),
      this.dataSource.query<CustomerHistory['paid']>(PAID, parameters),
    ]);
    return { ...counts, treatments, paid };
  }

  private async findDisplayName(caller: Caller, userId: string | null): Promise<string | null> {
    if (userId === null) return null;
    const user = await this.users.findOne({
      where: { tenantId: caller.tenantId, id: userId },
      select: { id: true, displayName: true },
    });
    return user?.displayName ?? null;
  }
}
