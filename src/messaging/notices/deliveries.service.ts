import { Injectable } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { DataSource } from 'typeorm';
import { AuditTrail } from '../../access/audit/audit-trail.js';
import type { UserCaller } from '../../access/caller.js';
import type { Page } from '../../platform/rest/envelope.js';
import { ConflictError, NotFoundError } from '../../platform/errors.js';
import { decodeIdCursor, toPage } from '../../platform/rest/paging.js';
import { Jobs } from '../../jobs/jobs.js';
import type { DeliveryQueryDto } from './deliveries.dto.js';
import { NotificationDelivery } from './notification-delivery.entity.js';
import { Notifications } from './notifications.js';

/** What became of notices. */
@Injectable()
export class DeliveriesService {
  constructor(
    @InjectDataSource() private readonly dataSource: DataSource,
    private readonly jobs: Jobs,
    private readonly notifications: Notifications,
    private readonly audit: AuditTrail,
  ) {}

  /** Newest first. */
  async list({ tenantId }: UserCaller, query: DeliveryQueryDto): Promise<Page<NotificationDelivery>> {
    const found = this.dataSource
      .getRepository(NotificationDelivery)
      .createQueryBuilder('d')
      .where('d.tenant_id = :tenantId', { tenantId })
      .orderBy('d.id', 'DESC')
      .take(query.limit + 1);
    const filters = {
      state: query.state,
      kind: query.kind,
      channel_kind: query.channel_kind,
      channel_id: query.channel_id,
      recipient_id: query.recipient_id,
    };
    for (const [column, value] of Object.entries(filters))
      if (value !== undefined) found.andWhere(`d.${column} = :${column}`, { [column]: value });
    if (query.since) found.andWhere('d.created_at >= :since', { since: query.since });
    if (query.cursor) found.andWhere('d.id < :before', { before: decodeIdCursor(query.cursor) });
    return toPage(await found.getMany(), query.limit, ({ id }) => [id]);
  }

  /** @throws {NotFoundError} Not there, or another tenant's. */
  async get({ tenantId }: UserCaller, id: string): Promise<NotificationDelivery> {
    const delivery = await this.dataSource.getRepository(NotificationDelivery).findOneBy({ id, tenantId });
    if (!delivery) throw new NotFoundError(`No delivery ${id}`);
    return delivery;
  }

  /**
   * Begins anew, under the same id. One that waits is tried now, unless quiet hours hold it.
   *
   * @throws {ConflictError} It was sent, or there is no channel to send it over.
   */
  async retry(caller: UserCaller, id: string): Promise<NotificationDelivery> {
    return this.dataSource.transaction(async (manager) => {
      const where = { id, tenantId: caller.tenantId };
      const lock = { mode: 'pessimistic_write' } as const;
      const delivery = await manager.findOne(NotificationDelivery, { where, lock });
      if (!delivery) throw new NotFoundError(`No delivery ${id}`);
      if (delivery.state === 'sent') throw new ConflictError('This delivery was sent');
      if (delivery.channelId === null)
        throw new ConflictError('No channel reached the recipient; there is nothing to send it over');
      if (delivery.jobId !== null) await this.jobs.cancel(manager, delivery.jobId);
      await manager.update(NotificationDelivery, { id }, { state: 'waiting', reason: null, notBefore: null });
      await this.notifications.enqueue(manager, caller.tenantId, [{ id, notBefore: null }]);
      const target = { kind: 'notification_delivery', id, name: delivery.noticeKey };
      await this.audit.record(manager, caller, { action: 'notification_delivery.retry', target });
      return manager.findOneByOrFail(NotificationDelivery, where);
    });
  }
}
