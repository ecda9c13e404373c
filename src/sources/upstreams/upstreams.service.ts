import { Injectable } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { DataSource, type EntityManager } from 'typeorm';
import type { AdminCaller } from '../../access/caller.js';
import { uniqueViolation } from '../../platform/database/unique-violation.js';
import { ConflictError, NotFoundError } from '../../platform/errors.js';
import { newId } from '../../platform/new-id.js';
import { ChangeBus } from '../../platform/replicas/change-bus.js';
import type { Page } from '../../platform/rest/envelope.js';
import { decodeIdCursor, toPage } from '../../platform/rest/paging.js';
import { type ReadVersions, requireVersion } from '../../platform/rest/preconditions.js';
import { UpstreamReader } from './upstream-reader.js';
import { UpstreamSettingsCheck } from './upstream-settings-check.js';
import { UpstreamWriter } from './upstream-writer.js';
import { Upstream } from './upstream.entity.js';
import type { CreateUpstreamDto, UpdateUpstreamDto } from './upstreams.dto.js';

type Of = Pick<AdminCaller, 'tenantId'>;

/** The upstreams of a tenant: their rules, and every change to them. */
@Injectable()
export class UpstreamsService {
  constructor(
    @InjectDataSource() private readonly dataSource: DataSource,
    private readonly changeBus: ChangeBus,
    private readonly settings: UpstreamSettingsCheck,
    private readonly writer: UpstreamWriter,
    private readonly reader: UpstreamReader,
  ) {}

  /** Oldest first. */
  async list(
    caller: Of,
    query: { readonly limit: number; readonly cursor?: string },
  ): Promise<Page<Upstream>> {
    const found = this.dataSource
      .getRepository(Upstream)
      .createQueryBuilder('u')
      .where('u.tenant_id = :tenantId', { tenantId: caller.tenantId })
      .orderBy('u.id', 'ASC')
      .take(query.limit + 1);
    if (query.cursor) found.andWhere('u.id > :after', { after: decodeIdCursor(query.cursor) });
    return toPage(await found.getMany(), query.limit, ({ id }) => [id]);
  }

  /** @throws {NotFoundError} Not there, or another tenant's. */
  async get({ tenantId }: Of, id: string): Promise<Upstream> {
    const upstream = await this.dataSource.getRepository(Upstream).findOneBy({ id, tenantId });
    if (!upstream) throw new NotFoundError(`No upstream ${id}`);
    return upstream;
  }

  /** Its definitions are read right afterwards, in the background. */
  async create(caller: AdminCaller, input: CreateUpstreamDto): Promise<Upstream> {
    const { tenantId } = caller;
    const row = this.dataSource.getRepository(Upstream).create({
      id: newId(),
      tenantId,
      command: null,
      args: [],
      env: {},
      cwd: null,
      url: null,
      headers: {},
      ciphertext: null,
      enabled: true,
      prefix: input.prefix ?? '',
      state: input.enabled === false ? 'off' : 'connecting',
    });
    Object.assign(row, this.settings.settle(caller, row, input));
    await this.changeBus.commit((manager) => this.writer.insert(manager, caller, row)).catch(explainTaken);
    if (row.enabled) this.reader.readSoon(row);
    return this.get(caller, row.id);
  }

  /** What is turned off serves its tools no more; what is changed is connected to and read anew. */
  async update(
    caller: AdminCaller,
    id: string,
    input: UpdateUpstreamDto,
    ifMatch?: ReadVersions,
  ): Promise<Upstream> {
    const { result: row } = await this.changeBus
      .commit(async (manager) => {
        const found = await findLocked(manager, caller, id);
        requireVersion(found, ifMatch);
        const columns = this.settings.settle(caller, found, input);
        await this.writer.update(manager, caller, { row: found, columns });
        return found;
      })
      .catch(explainTaken);
    if (row.enabled) this.reader.readSoon(row);
    return this.get(caller, id);
  }

  /** Its tools leave the groups that have them. */
  async delete(caller: AdminCaller, id: string, ifMatch?: ReadVersions): Promise<void> {
    await this.changeBus.commit(async (manager) => {
      const row = await findLocked(manager, caller, id);
      requireVersion(row, ifMatch);
      await this.writer.delete(manager, caller, row);
    });
  }
}

async function findLocked(manager: EntityManager, { tenantId }: Of, id: string): Promise<Upstream> {
  const lock = { mode: 'pessimistic_write' } as const;
  const row = await manager.findOne(Upstream, { where: { id, tenantId }, lock });
  if (!row) throw new NotFoundError(`No upstream ${id}`);
  return row;
}

function explainTaken(error: unknown): never {
  if (uniqueViolation(error) !== 'uq_upstreams_tenant_name') throw error;
  const details = [{ field: 'name', message: 'is taken' }];
  throw new ConflictError('Another upstream of yours has this name', { details, cause: error });
}
