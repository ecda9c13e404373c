import { Injectable } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { DataSource, type EntityManager } from 'typeorm';
import { validate as isUuid } from 'uuid';
import type { Caller } from '../../access/caller.js';
import { Consultation } from '../../crm/consultation.entity.js';
import { CustomerPreferences } from '../../crm/customer-preferences.entity.js';
import { CustomerProfile } from '../../crm/customer-profile.entity.js';
import { DirectoryService, type UserCard } from '../../crm/directory.service.js';
import { Project } from '../../crm/project.entity.js';
import type { UserRef } from '../../crm/tool-arguments.js';
import { Treatment } from '../../crm/treatment.entity.js';
import { InvalidInputError } from '../../platform/errors.js';
import type { PlanCase, Service, Wishes } from './plan-case.js';
import { type CustomerRows, healthOf, pastOf, unsuitableOf, wantsOf } from './plan-case-rows.js';
import { dayOfTime, dayText } from './plan-days.js';

/** A larger catalogue is planned with by its first services, by code. */
const SERVICES_MAX = 1000;
const CONSULTATIONS_READ = 50;
const TREATMENTS_READ = 100;

/** Reads what a plan may rest on: the catalogue and the customer's own rows. Works inside the tenant's unit of work. */
@Injectable()
export class PlanCaseReader {
  constructor(
    @InjectDataSource() private readonly dataSource: DataSource,
    private readonly directory: DirectoryService,
  ) {}

  /** @throws {NotFoundError} No such customer. */
  getCustomer(caller: Caller, ref: UserRef): Promise<UserCard> {
    return this.directory.getCustomer(caller, ref);
  }

  /**
   * @param wishes `without` may hold codes; in the case they are ids.
   * @throws {InvalidInputError} `without` names a service that there is not.
   */
  async read(
    of: { readonly tenantId: string; readonly userId: string },
    wishes: Wishes,
    manager: EntityManager = this.dataSource.manager,
  ): Promise<PlanCase> {
    const { tenantId } = of;
    const services = await manager.find(Project, {
      where: { tenantId, enabled: true },
      order: { code: 'ASC' },
      take: SERVICES_MAX,
    });
    const rows = await this.rowsOf(of, manager);
    const { profile } = rows;
    const hasBudget = profile !== null && profile.budgetMaxCents !== null;
    const without = wishes.without.map((named) => idOf(named, services));
    return {
      today: dayText(dayOfTime(new Date())),
      services,
      health: healthOf(rows, wishes),
      wants: wantsOf(rows, wishes),
      unsuitable: unsuitableOf(rows),
      past: pastOf(rows),
      wishes: { ...wishes, without: [...new Set(without)] },
      budget: budgetOf(profile, wishes),
      currency: hasBudget ? profile.currency : (services[0]?.currency ?? 'CNY'),
    };
  }

  private async rowsOf(
    { tenantId, userId }: { readonly tenantId: string; readonly userId: string },
    manager: EntityManager,
  ): Promise<CustomerRows> {
    const where = { tenantId, userId };
    return {
      profile: await manager.findOneBy(CustomerProfile, where),
      preferences: await manager.findOneBy(CustomerPreferences, where),
      consultations: await manager.find(Consultation, {
        where,
        order: { startedAt: 'DESC', id: 'DESC' },
        take: CONSULTATIONS_READ,
      }),
      treatments: await manager.find(Treatment, {
        where,
        relations: { project: true },
        order: { performedAt: 'DESC', id: 'DESC' },
        take: TREATMENTS_READ,
      }),
    };
  }
}

/** One that is offered no more keeps its id: it is not wanted, and not to be had either. */
function idOf(named: string, services: readonly Service[]): string {
  const found = services.find(({ id, code }) => id === named || code === named);
  if (found) return found.id;
  if (isUuid(named)) return named;
  throw new InvalidInputError('without_services names a service that you do not offer', {
    details: [{ field: 'without_services', message: 'is no id and no code of a service' }],
    hint: { tool: 'get_project_info', how: 'to find the codes' },
  });
}

function budgetOf(profile: CustomerProfile | null, { budgetMaxCents }: Wishes): PlanCase['budget'] {
  const field = 'budget_max_cents';
  if (budgetMaxCents !== null)
    return {
      maxCents: budgetMaxCents,
      evidence: { table: 'request', id: null, field, value: String(budgetMaxCents) },
    };
  const maxCents = profile?.budgetMaxCents ?? null;
  if (profile === null || maxCents === null) return null;
  return {
    maxCents,
    evidence: { table: 'customer_profiles', id: profile.userId, field, value: String(maxCents) },
  };
}
