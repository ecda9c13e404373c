import { Injectable } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { DataSource, type EntityManager, IsNull } from 'typeorm';
import { newId } from '../../platform/new-id.js';
import { AuditTrail } from '../audit/audit-trail.js';
import { differenceOf } from '../audit/difference.js';
import type { UserCaller } from '../caller.js';
import { ChangeBus } from '../../platform/replicas/change-bus.js';
import type { Page } from '../../platform/rest/envelope.js';
import { ConflictError, NotFoundError, PreconditionFailedError } from '../../platform/errors.js';
import { decodeIdCursor, toPage } from '../../platform/rest/paging.js';
import { given } from '../../platform/rest/given.js';
import { type ReadVersions, requireVersion } from '../../platform/rest/preconditions.js';
import type { PageQueryDto } from '../../platform/rest/rest.dto.js';
import { SYSTEM_DATABASE } from '../../platform/database/system-database.js';
import { uniqueViolation } from '../../platform/database/unique-violation.js';
import { Feature } from './feature.entity.js';
import type { PutFeatureDto } from './features.dto.js';

/** Whose switches are meant: one tenant's, or the installation's, which count for every tenant without its own. */
export type FeatureScope = 'tenant' | 'installation';
export type FeatureRef = {
  readonly scope: FeatureScope;
  readonly name: string;
  readonly ifMatch?: ReadVersions;
};

/** A switch that is made without a word about it. */
const UNSET = { description: '', enabled: false, percentage: 100, roles: [] as string[] };

/** The administrators' side of feature switches: seen and changed here, asked in `FeaturesService`. */
@Injectable()
export class FeatureSwitchesService {
  constructor(
    @InjectDataSource() private readonly dataSource: DataSource,
    @InjectDataSource(SYSTEM_DATABASE) private readonly system: DataSource,
    private readonly changeBus: ChangeBus,
    private readonly audit: AuditTrail,
  ) {}

  /** In the order they were made. */
  async list(caller: UserCaller, scope: FeatureScope, query: PageQueryDto): Promise<Page<Feature>> {
    const found = this.sourceOf(scope)
      .getRepository(Feature)
      .createQueryBuilder('f')
      .where({ tenantId: ownerOf(caller, scope) })
      .orderBy('f.id', 'ASC')
      .take(query.limit + 1);
    if (query.cursor) found.andWhere('f.id > :after', { after: decodeIdCursor(query.cursor) });
    return toPage(await found.getMany(), query.limit, (feature) => [feature.id]);
  }

  async get(caller: UserCaller, ref: FeatureRef): Promise<Feature> {
    return orNotFound(await find(this.sourceOf(ref.scope).manager, caller, ref), ref);
  }

  /** Makes the switch, off unless it is said to be on, or changes what `input` says of it. */
  async put(caller: UserCaller, ref: FeatureRef, input: PutFeatureDto): Promise<Feature> {
    const { description, enabled, percentage, roles } = input;
    const columns = given({ description, enabled, percentage, roles });
    return this.commit(ref, async (manager) => {
      const feature = await find(manager, caller, ref, true);
      if (!feature) return this.create(manager, caller, ref, { ...UNSET, ...columns });
      requireVersion(feature, ref.ifMatch);
      const { before, after } = differenceOf(feature, columns);
      const saved = await manager.save(Feature, Object.assign(feature, columns));
      await this.record(manager, caller, 'feature.update', saved, { before, after });
      return saved;
    });
  }

  async delete(caller: UserCaller, ref: FeatureRef): Promise<void> {
    await this.commit(ref, async (manager) => {
      const feature = orNotFound(await find(manager, caller, ref, true), ref);
      requireVersion(feature, ref.ifMatch);
      await manager.delete(Feature, { id: feature.id });
      const { enabled, percentage, roles } = feature;
      await this.record(manager, caller, 'feature.delete', feature, {
        before: { enabled, percentage, roles },
      });
      return feature;
    });
  }

  private async create(
    manager: EntityManager,
    caller: UserCaller,
    { scope, name, ifMatch }: FeatureRef,
    columns: Partial<Feature>,
  ): Promise<Feature> {
    if (ifMatch !== undefined) {
      throw new PreconditionFailedError('This switch is not there any more. Send no If-Match to make it');
    }
    const tenantId = scope === 'tenant' ? caller.tenantId : null;
    const saved = await manager.save(
      Feature,
      manager.create(Feature, { id: newId(), tenantId, name, ...columns }),
    );
    await this.record(manager, caller, 'feature.create', saved, { after: columns });
    return saved;
  }

  /** The service's role sees its tenant's switches only; the system role changes the installation's, and no tenant's. */
  private sourceOf(scope: FeatureScope): DataSource {
    return scope === 'tenant' ? this.dataSource : this.system;
  }

  private async commit(
    { scope }: FeatureRef,
    work: (manager: EntityManager) => Promise<Feature>,
  ): Promise<Feature> {
    const { result } = await this.changeBus
      .commit(async (manager) => {
        const feature = await work(manager);
        await this.changeBus.publish(manager, { kind: 'feature', id: feature.id });
        return feature;
      }, this.sourceOf(scope))
      .catch((error: unknown) => {
        if (uniqueViolation(error) === null) throw error;
        const message = 'Somebody made this switch at the same moment. Read it and repeat your change';
        throw new ConflictError(message, { cause: error });
      });
    return result;
  }

  private record(
    manager: EntityManager,
    caller: UserCaller,
    action: string,
    { id, name, tenantId }: Feature,
    values: { before?: object; after?: object },
  ): Promise<void> {
    const kind = tenantId === null ? 'installation_feature' : 'feature';
    return this.audit.record(manager, caller, { action, target: { kind, id, name }, ...values });
  }
}

function ownerOf({ tenantId }: UserCaller, scope: FeatureScope) {
  return scope === 'tenant' ? tenantId : IsNull();
}

function find(
  manager: EntityManager,
  caller: UserCaller,
  { scope, name }: FeatureRef,
  isToChange = false,
): Promise<Feature | null> {
  return manager.findOne(Feature, {
    where: { name, tenantId: ownerOf(caller, scope) },
    ...(isToChange && { lock: { mode: 'pessimistic_write' } }),
  });
}

function orNotFound(feature: Feature | null, { scope, name }: FeatureRef): Feature {
  if (feature) return feature;
  const whose = scope === 'tenant' ? 'your tenant' : 'the installation';
  throw new NotFoundError(`No switch '${name}' of ${whose}`);
}
