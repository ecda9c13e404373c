import { Injectable } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { DataSource, In } from 'typeorm';
import type { UserCaller } from '../access/caller.js';
import { User } from '../access/user.entity.js';
import type { Page } from '../platform/rest/envelope.js';
import { NotFoundError } from '../platform/errors.js';
import { decodeIdCursor, toPage } from '../platform/rest/paging.js';
import type { ClaimDto, ClaimQueryDto } from './claims.dto.js';
import { CustomerClaim } from './customer-claim.entity.js';

/** Claims as people see them: with names. */
@Injectable()
export class ClaimsReader {
  constructor(@InjectDataSource() private readonly dataSource: DataSource) {}

  /** Newest first. */
  async list({ tenantId }: UserCaller, query: ClaimQueryDto): Promise<Page<ClaimDto>> {
    const found = this.dataSource
      .getRepository(CustomerClaim)
      .createQueryBuilder('c')
      .where({ tenantId })
      .orderBy('c.id', 'DESC')
      .take(query.limit + 1);
    if (query.state !== undefined) found.andWhere('c.state = :state', { state: query.state });
    if (query.claimed_by !== undefined) found.andWhere('c.claimedBy = :by', { by: query.claimed_by });
    if (query.customer_id !== undefined) found.andWhere('c.userId = :user', { user: query.customer_id });
    if (query.cursor) found.andWhere('c.id < :before', { before: decodeIdCursor(query.cursor) });
    const page = toPage(await found.getMany(), query.limit, (claim) => [claim.id]);
    return { ...page, items: await this.withNames(tenantId, page.items) };
  }

  /** @throws {NotFoundError} Not there, or another tenant's. */
  async get({ tenantId }: UserCaller, id: string): Promise<ClaimDto> {
    const claim = await this.dataSource.getRepository(CustomerClaim).findOneBy({ tenantId, id });
    if (!claim) throw new NotFoundError(`No customer claim ${id}`);
    return this.view(claim);
  }

  async view(claim: CustomerClaim): Promise<ClaimDto> {
    const [view] = await this.withNames(claim.tenantId, [claim]);
    return view;
  }

  private async withNames(tenantId: string, claims: readonly CustomerClaim[]): Promise<ClaimDto[]> {
    const ids = claims.flatMap(({ userId, claimedBy, offeredTo }) => [userId, claimedBy, offeredTo]);
    const people = await this.dataSource.getRepository(User).find({
      select: { id: true, displayName: true },
      where: { tenantId, id: In([...new Set(ids.filter((id) => id !== null))]) },
    });
    const names = new Map(people.map(({ id, displayName }) => [id, displayName]));
    const personOf = (id: string | null) => (id === null ? null : { id, name: names.get(id) ?? null });
    return claims.map((claim) => ({
      id: claim.id,
      state: claim.state,
      customer: personOf(claim.userId)!,
      conversation_id: claim.conversationId,
      run_id: claim.runId,
      level: claim.level,
      offered_to: personOf(claim.offeredTo),
      offered_until: claim.offeredUntil?.toISOString() ?? null,
      claimed_by: personOf(claim.claimedBy),
      how: claim.how,
      notified: claim.notified,
      announced_at: claim.announcedAt.toISOString(),
      claimed_at: claim.claimedAt?.toISOString() ?? null,
      closed_at: claim.closedAt?.toISOString() ?? null,
      next_escalation_at: claim.nextEscalationAt?.toISOString() ?? null,
      version: claim.version,
    }));
  }
}
