import { Injectable } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { DataSource } from 'typeorm';
import { AuditTrail } from '../../access/audit/audit-trail.js';
import { type Caller, personOf } from '../../access/caller.js';
import type { Page } from '../../platform/rest/envelope.js';
import { NotFoundError } from '../../platform/errors.js';
import { decodeIdCursor, toPage } from '../../platform/rest/paging.js';
import { Alert } from './alert.entity.js';
import type { AlertQueryDto } from './alerts.dto.js';

/** The one feed of what administrators should see. Who raises something writes a row: see `AdminAlerts`. */
@Injectable()
export class AlertsService {
  constructor(
    @InjectDataSource() private readonly dataSource: DataSource,
    private readonly audit: AuditTrail,
  ) {}

  /** Newest first. */
  async list(caller: Caller, query: AlertQueryDto): Promise<Page<Alert>> {
    const found = this.dataSource
      .getRepository(Alert)
      .createQueryBuilder('a')
      .where('a.tenant_id = :tenantId', { tenantId: caller.tenantId })
      .orderBy('a.id', 'DESC')
      .take(query.limit + 1);
    if (query.open) found.andWhere('a.acknowledged_at IS NULL');
    if (query.kind) found.andWhere('a.kind = :kind', { kind: query.kind });
    if (query.cursor) found.andWhere('a.id < :before', { before: decodeIdCursor(query.cursor) });
    return toPage(await found.getMany(), query.limit, (alert) => [alert.id]);
  }

  /** @throws {NotFoundError} Not there, or another tenant's. */
  async acknowledge(caller: Caller, id: string): Promise<Alert> {
    return this.dataSource.transaction(async (manager) => {
      const alert = await manager.findOneBy(Alert, { id, tenantId: caller.tenantId });
      if (!alert) throw new NotFoundError(`No alert ${id}`);
      if (alert.acknowledgedAt) return alert;
      const acknowledgedBy = personOf(caller);
      const acknowledged = { acknowledgedAt: new Date(), acknowledgedBy };
      await manager.update(Alert, { id }, acknowledged);
      const target = { kind: 'alert', id, name: alert.kind };
      await this.audit.record(manager, caller, { action: 'alert.acknowledge', target });
      return Object.assign(alert, acknowledged);
    });
  }
}
