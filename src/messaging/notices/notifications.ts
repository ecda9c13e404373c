import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { newId } from '../../platform/new-id.js';
import { Jobs } from '../../jobs/jobs.js';
import { Clock } from './clock.js';
import { planDeliveries, type PlannedDelivery } from './delivery-plan.js';
import { requireNotice } from './notice-rules.js';
import type { Notice, NoticeKind } from './notice.js';
import { NotificationChannel } from '../channels/notification-channel.entity.js';
import { quietUntil } from './quiet-hours.js';
import { Recipients } from './recipients.js';

/** Kind of the job that makes one delivery. */
export const DELIVER = 'notifications.deliver';

const INSERT_NOTICE = `INSERT INTO notices (id, tenant_id, key, kind, variables, link, is_urgent, about_user_id)
  VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT (tenant_id, key) DO NOTHING`;
const FIND_NOTICE = 'SELECT id FROM notices WHERE tenant_id = $1 AND key = $2';
const INSERT_DELIVERIES = `INSERT INTO notification_deliveries
    (id, tenant_id, notice_id, notice_key, kind, recipient_id, channel_id, channel_kind, target, state, reason, not_before)
  SELECT d.id, $1, $2, $3, $4, d.recipient_id, d.channel_id, d.channel_kind, d.target,
    CASE WHEN d.channel_id IS NULL THEN 'suppressed' ELSE 'waiting' END,
    CASE WHEN d.channel_id IS NULL THEN 'no_channel' END, d.not_before
  FROM unnest($5::uuid[], $6::uuid[], $7::uuid[], $8::text[], $9::text[], $10::timestamptz[])
    AS d(id, recipient_id, channel_id, channel_kind, target, not_before)
  ON CONFLICT (notice_id, target) DO NOTHING RETURNING id`;
const SET_JOBS = `UPDATE notification_deliveries d SET job_id = made.job_id
  FROM unnest($1::uuid[], $2::uuid[]) AS made(id, job_id) WHERE d.id = made.id`;
const WITHDRAW = `WITH withdrawn AS (
    UPDATE notification_deliveries d SET state = 'suppressed', reason = 'no_longer_needed', not_before = NULL
    FROM notices n
    WHERE n.tenant_id = $1 AND n.key >= $2 AND n.key < $3 AND d.notice_id = n.id AND d.state = 'waiting' RETURNING d.id)
  SELECT count(*)::int AS count FROM withdrawn`;

type Made = { readonly id: string; readonly notBefore: Date | null };

/**
 * Tells people of a tenant things, over the channels that its administrators set up and that each person left on. Everything
 * happens in the caller's transaction; what is outside is done by durable jobs once that has committed, at least once each: receivers
 * get the delivery's id to tell a repetition by.
 */
@Injectable()
export class Notifications {
  constructor(
    private readonly jobs: Jobs,
    private readonly recipients: Recipients,
    private readonly clock: Clock,
  ) {}

  /**
   * Makes a delivery for each recipient and channel that applies, and its job. One that was made already, by the same key, is
   * not made again.
   *
   * @param manager Of a transaction that belongs to the tenant.
   * @returns How many deliveries were made that somebody will be told by; those that wait for the end of quiet hours count.
   * @throws {Error} The notice is not as {@link Notice} says.
   */
  async send(manager: EntityManager, notice: Notice): Promise<{ readonly deliveries: number }> {
    requireNotice(notice);
    const { tenantId, kind } = notice;
    const noticeId = await this.storeNotice(manager, notice);
    const channels = await this.channelsFor(manager, tenantId, kind);
    const people = await this.recipients.find(manager, tenantId, notice.recipients);
    const byId = new Map(people.map((person) => [person.id, person]));
    const planned = planDeliveries(channels, people).map((delivery): Planned => {
      const preference = delivery.recipientId === null ? null : byId.get(delivery.recipientId)?.preference;
      const isQuiet = preference && !notice.isUrgent;
      const notBefore = isQuiet ? quietUntil(preference, this.clock.now()) : null;
      return { ...delivery, id: newId(), notBefore };
    });
    const isNew = await this.store(manager, { notice, noticeId, planned });
    const made = planned.filter(({ id, channel }) => channel !== null && isNew.has(id));
    await this.enqueue(manager, tenantId, made);
    return { deliveries: made.length };
  }

  /**
   * Takes back what nobody needs to be told any more: deliveries that still wait, for their job, their next attempt or the end of
   * quiet hours, are suppressed as `no_longer_needed`, and their jobs end without sending. One whose sending is under way at
   * the commit may still arrive, and is `sent` then.
   *
   * @param manager Of a transaction that belongs to the tenant.
   * @param keyPrefix What the keys of the notices begin with: whole parts of it, so up to and with a `:`.
   * @returns How many deliveries were taken back.
   * @throws {Error} The prefix does not end in `:`.
   */
  async withdraw(
    manager: EntityManager,
    { tenantId, keyPrefix }: { readonly tenantId: string; readonly keyPrefix: string },
  ): Promise<number> {
    if (!/.:$/s.test(keyPrefix)) throw new Error(`The prefix of keys must end in ':', not '${keyPrefix}'`);
    // In the order of bytes, ';' is what comes next.
    const end = `${keyPrefix.slice(0, -1)};`;
    const [{ count }] = await manager.query<[{ count: number }]>(WITHDRAW, [tenantId, keyPrefix, end]);
    return count;
  }

  /** Makes the jobs of deliveries that wait. */
  async enqueue(manager: EntityManager, tenantId: string, made: readonly Made[]): Promise<void> {
    if (made.length === 0) return;
    const nowMs = this.clock.now().getTime();
    const jobs = made.map(({ id, notBefore }) => {
      const waitMs = notBefore === null ? 0 : notBefore.getTime() - nowMs;
      return { payload: { delivery_id: id }, delaySeconds: Math.max(0, waitMs / 1000) };
    });
    const jobIds = await this.jobs.enqueueAll(manager, DELIVER, jobs, { tenantId });
    await manager.query(SET_JOBS, [made.map(({ id }) => id), jobIds]);
  }

  private async storeNotice(manager: EntityManager, notice: Notice): Promise<string> {
    const { tenantId, key, kind, variables, link = null, isUrgent = false } = notice;
    const values = [newId(), tenantId, key, kind, JSON.stringify(variables), link, isUrgent];
    await manager.query(INSERT_NOTICE, [...values, notice.aboutUserId ?? null]);
    const [{ id }] = await manager.query<[{ id: string }]>(FIND_NOTICE, [tenantId, key]);
    return id;
  }

  private async channelsFor(
    manager: EntityManager,
    tenantId: string,
    kind: NoticeKind,
  ): Promise<NotificationChannel[]> {
    const channels = await manager.find(NotificationChannel, {
      where: { tenantId, enabled: true },
      order: { id: 'ASC' },
    });
    return channels.filter(({ noticeKinds }) => noticeKinds.length === 0 || noticeKinds.includes(kind));
  }

  /** @returns Ids of those that were not there yet. */
  private async store(
    manager: EntityManager,
    { notice: { tenantId, key, kind }, noticeId, planned }: ToStore,
  ): Promise<ReadonlySet<string>> {
    const columns = [
      planned.map(({ id }) => id),
      planned.map(({ recipientId }) => recipientId),
      planned.map(({ channel }) => channel?.id ?? null),
      planned.map(({ channel }) => channel?.kind ?? null),
      planned.map(({ target }) => target),
      planned.map(({ notBefore }) => notBefore?.toISOString() ?? null),
    ];
    const values = [tenantId, noticeId, key, kind, ...columns];
    const made = await manager.query<{ id: string }[]>(INSERT_DELIVERIES, values);
    return new Set(made.map(({ id }) => id));
  }
}

type Planned = PlannedDelivery & Made;

type ToStore = {
  readonly notice: Notice;
  readonly noticeId: string;
  readonly planned: readonly Planned[];
};
