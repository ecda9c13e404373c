import { Injectable } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { DataSource } from 'typeorm';
import type { UserCaller } from '../../access/caller.js';
import type { Page } from '../../platform/rest/envelope.js';
import { decodeCursor, decodeIdCursor, toPage } from '../../platform/rest/paging.js';
import { planOut, revisionOut } from './plan-views.js';
import type { PlanDto, RevisionDto } from './plan-content.dto.js';
import type { PlanQueryDto, PlanSummaryDto } from './plans.dto.js';
import { PlansService } from './plans.service.js';
import { TreatmentPlanRevision } from './treatment-plan-revision.entity.js';
import { TreatmentPlan } from './treatment-plan.entity.js';

/** Plans as people see them. */
@Injectable()
export class PlansReader {
  constructor(
    @InjectDataSource() private readonly dataSource: DataSource,
    private readonly plans: PlansService,
  ) {}

  /** Newest first, without what they say. */
  async list({ tenantId }: UserCaller, query: PlanQueryDto): Promise<Page<PlanSummaryDto>> {
    const found = this.dataSource
      .getRepository(TreatmentPlan)
      .createQueryBuilder('p')
      .leftJoin('p.user', 'u')
      .addSelect(['u.id', 'u.displayName'])
      .where({ tenantId })
      .orderBy('p.id', 'DESC')
      .limit(query.limit + 1);
    if (query.state !== undefined) found.andWhere('p.state = :state', { state: query.state });
    if (query.customer_id !== undefined) found.andWhere('p.userId = :user', { user: query.customer_id });
    if (query.cursor) found.andWhere('p.id < :before', { before: decodeIdCursor(query.cursor) });
    const page = toPage(await found.getMany(), query.limit, (plan) => [plan.id]);
    return { ...page, items: page.items.map(summaryOf) };
  }

  /** @throws {NotFoundError} Not there, or another tenant's. */
  async get(caller: UserCaller, id: string): Promise<PlanDto> {
    return planOut(await this.plans.get(caller, id));
  }

  /** Newest first. @throws {NotFoundError} There is no such plan. */
  async revisions(
    caller: UserCaller,
    id: string,
    { limit, cursor }: { readonly limit: number; readonly cursor?: string },
  ): Promise<Page<RevisionDto>> {
    await this.plans.get(caller, id);
    const found = this.dataSource
      .getRepository(TreatmentPlanRevision)
      .createQueryBuilder('r')
      .where({ tenantId: caller.tenantId, planId: id })
      .orderBy('r.number', 'DESC')
      .limit(limit + 1);
    if (cursor)
      found.andWhere('r.number < :before', { before: Math.trunc(Number(decodeCursor(cursor, 1)[0])) || 0 });
    const page = toPage(await found.getMany(), limit, (revision) => [revision.number]);
    return { ...page, items: page.items.map(revisionOut) };
  }
}

function summaryOf(plan: TreatmentPlan): PlanSummaryDto {
  return {
    id: plan.id,
    customer: { id: plan.userId, name: plan.user?.displayName ?? null },
    state: plan.state,
    revision: plan.revision,
    approved_revision: plan.approvedRevision,
    decided_at: plan.decidedAt?.toISOString() ?? null,
    created_at: plan.createdAt.toISOString(),
    updated_at: plan.updatedAt.toISOString(),
    version: plan.version,
  };
}
