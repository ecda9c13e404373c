import { Injectable } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { DataSource } from 'typeorm';
import type { Caller } from '../access/caller.js';
import type { ConsultationFact, CustomerActivity, TreatmentFact } from './customer-analysis.js';
import { PreferencesService } from './preferences.service.js';

/** Newest rows of each kind that one analysis reads at most. */
export const ACTIVITY_ROWS_MAX = 1000;

const TREATMENTS = `SELECT t.performed_at AS "performedAt", t.amount_paid_cents AS "amountPaidCents", t.currency, p.name AS project
  FROM treatments t LEFT JOIN projects p ON p.id = t.project_id
  WHERE t.tenant_id = $1 AND t.user_id = $2 AND t.performed_at <= $3
  ORDER BY t.performed_at DESC, t.id DESC LIMIT $4`;

const CONSULTATIONS = `SELECT c.started_at AS "startedAt", c.outcome, p.name AS project
  FROM consultations c LEFT JOIN projects p ON p.id = c.project_id
  WHERE c.tenant_id = $1 AND c.user_id = $2 AND c.started_at <= $3
  ORDER BY c.started_at DESC, c.id DESC LIMIT $4`;

// The limit counts messages of every sender, so that a customer who never wrote costs no endless scan.
const MESSAGES = `SELECT created_at AS "createdAt" FROM (
    SELECT sender_kind, created_at FROM messages
    WHERE tenant_id = $1 AND user_id = $2 AND created_at <= $3 ORDER BY created_at DESC, id DESC LIMIT $4) newest
  WHERE sender_kind = 'customer'`;

const TASKS = `SELECT count(*)::int AS "openTasks", count(*) FILTER (WHERE due_at < $3)::int AS "overdueTasks"
  FROM tasks WHERE tenant_id = $1 AND user_id = $2 AND closed_at IS NULL`;

/** Collects what one customer did, for the analysis. */
@Injectable()
export class ActivityService {
  constructor(
    private readonly preferences: PreferencesService,
    @InjectDataSource() private readonly dataSource: DataSource,
  ) {}

  /** @param asOf What happened later is left out. */
  async getActivity(caller: Caller, userId: string, asOf: Date): Promise<CustomerActivity> {
    const { values } = await this.preferences.getPreferences(caller, userId);
    const parameters = [caller.tenantId, userId, asOf, ACTIVITY_ROWS_MAX];
    const [treatments, consultations, messages, [tasks]] = await Promise.all([
      this.dataSource.query<TreatmentFact[]>(TREATMENTS, parameters),
      this.dataSource.query<ConsultationFact[]>(CONSULTATIONS, parameters),
      this.dataSource.query<{ createdAt: Date }[]>(MESSAGES, parameters),
      this.dataSource.query<[{ openTasks: number; overdueTasks: number }]>(TASKS, parameters.slice(0, 3)),
    ]);
    const customerMessagesAt = messages.map(({ createdAt }) => createdAt);
    return { asOf, treatments, consultations, customerMessagesAt, ...tasks, preferences: values };
  }
}
