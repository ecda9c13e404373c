import { Injectable } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { DataSource, type EntityManager } from 'typeorm';
import { lock } from '../platform/database/advisory-locks.js';
import { AuditTrail } from '../access/audit/audit-trail.js';
import type { UserCaller } from '../access/caller.js';
import { isAllowed } from '../access/permissions.js';
import { ConflictError, ForbiddenError, InvalidInputError, NotFoundError } from '../platform/errors.js';
import { type ReadVersions, requireVersion } from '../platform/rest/preconditions.js';
import { setConsultant } from '../crm/conversation-writer.js';
import { ClaimNews } from './claim-news.js';
import { ClaimRounds, findLocked } from './claim-rounds.js';
import { ConsultantDirectory } from './consultant-directory.js';
import { settingsOf } from './consultant-settings.js';
import { CustomerClaim } from './customer-claim.entity.js';

/** Who looks after a customer: taken, given back, given to somebody, and done. The conversation's consultant goes along. */
@Injectable()
export class ClaimsService {
  constructor(
    @InjectDataSource() private readonly dataSource: DataSource,
    private readonly directory: ConsultantDirectory,
    private readonly rounds: ClaimRounds,
    private readonly news: ClaimNews,
    private readonly audit: AuditTrail,
  ) {}

  /**
   * The first one gets the customer. Claiming what one has already changes nothing.
   *
   * @throws {ConflictError} Somebody else was first, with who in `details`; it is offered to somebody else; it is closed; or the
   *   caller has as many customers as they may have.
   */
  async claim(caller: UserCaller, id: string): Promise<CustomerClaim> {
    return this.change(
      caller,
      id,
      async (manager, claim) => {
        if (claim.state === 'claimed' && claim.claimedBy === caller.userId) return;
        await this.requireFree(manager, claim, caller.userId);
        await this.requireRoom(manager, caller.tenantId, caller.userId);
        await this.give(manager, claim, caller.userId);
        await this.record(manager, caller, { action: 'customer_claim.claim', claim });
      },
      caller.userId,
    );
  }

  /** Gives the customer back: consultants are told anew, as for a new one. @throws {ForbiddenError} It is another's. */
  async release(caller: UserCaller, id: string, ifMatch?: ReadVersions): Promise<CustomerClaim> {
    return this.change(caller, id, async (manager, claim) => {
      requireVersion(claim, ifMatch);
      if (claim.state !== 'claimed') throw new ConflictError(`This customer is ${claim.state}, not claimed`);
      requireOwn(caller, claim);
      const before = { claimed_by: claim.claimedBy };
      await this.rounds.end(manager, claim);
      const open = { state: 'open', claimedBy: null, claimedAt: null, level: 0 } as const;
      // Who gives a customer back is not the next to be asked alone.
      const offeredBefore = [before.claimed_by!];
      Object.assign(claim, { ...open, round: claim.round + 1, announcedAt: new Date(), offeredBefore });
      await setConsultant(manager, claim, claim.claimedBy);
      await this.rounds.begin(manager, claim);
      await this.news.tellOfState(manager, claim, { kind: 'customer_released', claimedBy: null });
      await this.record(manager, caller, { action: 'customer_claim.release', claim, before });
    });
  }

  /** Done: the customer counts for nobody's load any more. The conversation keeps its consultant. */
  async close(caller: UserCaller, id: string, ifMatch?: ReadVersions): Promise<CustomerClaim> {
    return this.change(caller, id, async (manager, claim) => {
      requireVersion(claim, ifMatch);
      if (claim.state === 'closed') throw new ConflictError('This customer is closed already');
      requireOwn(caller, claim);
      const before = { state: claim.state };
      await this.rounds.end(manager, claim);
      Object.assign(claim, { state: 'closed', closedAt: new Date() });
      await manager.save(CustomerClaim, claim);
      await this.tell(manager, claim, 'customer_closed');
      await this.record(manager, caller, { action: 'customer_claim.close', claim, before });
    });
  }

  /**
   * Gives the customer to somebody, whoever has it. An administrator's word goes before the consultant's limit.
   *
   * @throws {InvalidInputError} They are no consultant of the tenant.
   */
  async reassign(
    caller: UserCaller,
    id: string,
    { userId, ifMatch }: { readonly userId: string; readonly ifMatch?: ReadVersions },
  ): Promise<CustomerClaim> {
    return this.change(caller, id, async (manager, claim) => {
      requireVersion(claim, ifMatch);
      if (claim.state === 'closed') throw new ConflictError('This customer is closed already');
      const consultant = await this.directory.find(caller.tenantId, userId, manager);
      if (!consultant)
        throw new InvalidInputError('user_id is no consultant of yours', {
          details: [{ field: 'user_id', message: 'is no consultant of yours' }],
        });
      const before = { claimed_by: claim.claimedBy };
      await this.give(manager, claim, userId);
      const settings = await settingsOf(manager, caller.tenantId);
      if (!consultant.online)
        await this.news.sendAssignment(manager, claim, { settings, name: consultant.name });
      await this.record(manager, caller, { action: 'customer_claim.reassign', claim, before });
    });
  }

  private async give(manager: EntityManager, claim: CustomerClaim, userId: string): Promise<void> {
    await this.rounds.end(manager, claim);
    const now = new Date();
    Object.assign(claim, { state: 'claimed', claimedBy: userId, claimedAt: now });
    claim.firstClaimedAt ??= now;
    await setConsultant(manager, claim, claim.claimedBy);
    await manager.save(CustomerClaim, claim);
    await this.tell(manager, claim, 'customer_claimed');
  }

  private async tell(manager: EntityManager, claim: CustomerClaim, kind: string): Promise<void> {
    const { claimedBy: id, tenantId } = claim;
    const claimedBy = id === null ? null : { id, name: await this.directory.nameOf(manager, tenantId, id) };
    await this.news.tellOfState(manager, claim, { kind, claimedBy });
  }

  private async requireFree(manager: EntityManager, claim: CustomerClaim, userId: string): Promise<void> {
    const nameOf = (id: string) => this.directory.nameOf(manager, claim.tenantId, id);
    if (claim.state === 'closed') throw new ConflictError('This customer is closed already');
    if (claim.state === 'claimed') {
      const winner = { id: claim.claimedBy!, name: await nameOf(claim.claimedBy!) };
      const details = { claimed_by: winner, claimed_at: claim.claimedAt!.toISOString() };
      throw new ConflictError(`${winner.name} has claimed this customer already`, { details });
    }
    const isOffered = claim.offeredTo !== null && claim.offeredTo !== userId;
    if (!isOffered || claim.offeredUntil! <= new Date()) return;
    const holder = { id: claim.offeredTo!, name: await nameOf(claim.offeredTo!) };
    const details = { offered_to: holder, offered_until: claim.offeredUntil!.toISOString() };
    throw new ConflictError(`This customer is offered to ${holder.name} first`, { details });
  }

  private async requireRoom(manager: EntityManager, tenantId: string, userId: string): Promise<void> {
    const consultant = await this.directory.find(tenantId, userId, manager);
    if (!consultant || consultant.openCustomers < consultant.maxOpenCustomers) return;
    throw new ConflictError(
      `You have ${consultant.openCustomers} open customers, which is as many as you may have; close one first`,
    );
  }

  private async change(
    caller: UserCaller,
    id: string,
    work: (manager: EntityManager, claim: CustomerClaim) => Promise<void>,
    consultantId?: string,
  ): Promise<CustomerClaim> {
    return this.dataSource.transaction(async (manager) => {
      // One after the other, so that the consultant's limit holds.
      if (consultantId !== undefined) await lock(manager, 'consultantClaims', consultantId);
      const claim = await findLocked(manager, caller.tenantId, id);
      if (!claim) throw new NotFoundError(`No customer claim ${id}`);
      await work(manager, claim);
      return claim;
    });
  }

  private record(
    manager: EntityManager,
    caller: UserCaller,
    act: { readonly action: string; readonly claim: CustomerClaim; readonly before?: object },
  ): Promise<void> {
    const { action, claim, before } = act;
    const target = { kind: 'customer_claim', id: claim.id };
    const after = { state: claim.state, claimed_by: claim.claimedBy };
    return this.audit.record(manager, caller, { action, target, before, after });
  }
}

/** @throws {ForbiddenError} Neither the caller's own nor an administrator's to change. */
function requireOwn(caller: UserCaller, claim: CustomerClaim): void {
  if (claim.claimedBy === caller.userId || isAllowed(caller, 'consultants.write')) return;
  throw new ForbiddenError(
    'Only the consultant who has claimed this customer, or an administrator, may do this',
  );
}
