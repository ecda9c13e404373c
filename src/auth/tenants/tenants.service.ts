import { randomBytes } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { DataSource } from 'typeorm';
import { newId } from '../../platform/new-id.js';
import { AuditTrail } from '../../access/audit/audit-trail.js';
import type { UserCaller } from '../../access/caller.js';
import { hashPassword } from '../sign-in/passwords.js';
import { Tenant } from '../../access/tenant.entity.js';
import { User } from '../../access/user.entity.js';
import type { Page } from '../../platform/rest/envelope.js';
import { ConflictError, NotFoundError } from '../../platform/errors.js';
import { decodeIdCursor, toPage } from '../../platform/rest/paging.js';
import { inTenant } from '../../platform/request-scope.js';
import { containing } from '../../platform/database/search.js';
import { SYSTEM_DATABASE } from '../../platform/database/system-database.js';
import { uniqueViolation } from '../../platform/database/unique-violation.js';
import { TenantChanges, type TenantChangeOptions } from './tenant-changes.js';
import type { CreateTenantDto, RenameTenantDto, TenantQueryDto } from './tenants.dto.js';
import { cutText } from '../../platform/cut-text.js';

const PASSWORD_BYTES = 15;

/** How much there is of a tenant, and nothing of what is in it. */
type Counts = { readonly userCount: number; readonly groupCount: number; readonly activeKeyCount: number };
export type TenantSummary = { readonly tenant: Tenant; readonly counts: Counts };
export type CreatedTenant = TenantSummary & { readonly ownerEmail: string; readonly ownerPassword: string };

const COUNTS = `SELECT tenant.id,
    (SELECT count(*)::int FROM users WHERE tenant_id = tenant.id) AS "userCount",
    (SELECT count(*)::int FROM mcp_tool_groups WHERE tenant_id = tenant.id) AS "groupCount",
    (SELECT count(*)::int FROM mcp_group_keys WHERE tenant_id = tenant.id AND status = 'active') AS "activeKeyCount"
  FROM unnest($1::uuid[]) AS tenant(id)`;

/** The tenants of the installation, for owners of the operating tenant (`tenants.manage`; the guard checks it). */
@Injectable()
export class TenantsService {
  constructor(
    @InjectDataSource() private readonly dataSource: DataSource,
    @InjectDataSource(SYSTEM_DATABASE) private readonly system: DataSource,
    private readonly changes: TenantChanges,
    private readonly audit: AuditTrail,
  ) {}

  /** Oldest first. */
  async list(query: TenantQueryDto): Promise<Page<TenantSummary>> {
    const found = this.system
      .getRepository(Tenant)
      .createQueryBuilder('t')
      .where('NOT (t.enabled AND t.removing_at IS NOT NULL)') // MADE_UP
      .orderBy('t.id', 'ASC')
      .take(query.limit + 1);
    if (query.cursor) found.andWhere('t.id > :after', { after: decodeIdCursor(query.cursor) });
    if (query.q) found.andWhere('t.name ILIKE :q', { q: containing(query.q) });
    const page = toPage(await found.getMany(), query.limit, (tenant) => [tenant.id]);
    return { ...page, items: await this.summarize(page.items) };
  }

  async get(id: string): Promise<TenantSummary> {
    const tenant = await this.system.getRepository(Tenant).findOneBy({ id });
    if (!tenant) throw new NotFoundError(`No tenant ${id}`);
    const [summary] = await this.summarize([tenant]);
    return summary;
  }

  /**
   * Makes a tenant with its first owner, in two transactions: nobody may write rows of two tenants in one. The tenant is
   * suspended until the second, so what a crash in between leaves is a suspended tenant without users, to be deleted.
   *
   * @throws {ConflictError} The name is taken.
   */
  async create(caller: UserCaller, input: CreateTenantDto): Promise<CreatedTenant> {
    const id = newId();
    const { name, owner_email: ownerEmail } = input;
    const target = { kind: 'tenant', id, name };
    const ownerPassword = randomBytes(PASSWORD_BYTES).toString('base64url');
    const passwordHash = await hashPassword(ownerPassword);
    await this.system
      .transaction(async (manager) => {
        await manager.insert(Tenant, { id, name, enabled: false });
        await this.audit.record(manager, caller, {
          action: 'tenant.create',
          target,
          after: { name, ownerEmail },
        });
      })
      .catch(explainTaken);
    await inTenant(id, () => this.open({ ...caller, tenantId: id }, input, { id: newId(), passwordHash }));
    return { ...(await this.get(id)), ownerEmail, ownerPassword };
  }

  async rename(
    caller: UserCaller,
    id: string,
    { name }: RenameTenantDto,
    options: TenantChangeOptions,
  ): Promise<TenantSummary> {
    const action = 'tenant.rename';
    await this.changes.change(caller, id, { action, columns: { name } }, options).catch(explainTaken);
    return this.get(id);
  }

  /**
   * Stops everything of a tenant: its group keys on every replica when this returns, its sign-ins and tokens with the next
   * request, because each of them asks for the tenant.
   */
  async suspend(caller: UserCaller, id: string, options: TenantChangeOptions): Promise<TenantSummary> {
    await this.changes.change(
      caller,
      id,
      { action: 'tenant.suspend', columns: { enabled: false }, check: requireNotOperating },
      options,
    );
    return this.get(id);
  }

  async resume(caller: UserCaller, id: string, options: TenantChangeOptions): Promise<TenantSummary> {
    await this.changes.change(
      caller,
      id,
      { action: 'tenant.resume', columns: { enabled: true }, check: requireNotRemoved },
      options,
    );
    return this.get(id);
  }

  /** The first owner, on record with the new tenant, too: its people see who made them. */
  private async open(
    actor: UserCaller,
    { owner_email: email, owner_name: displayName = email }: CreateTenantDto,
    { id, passwordHash }: Pick<User, 'id'> & { passwordHash: string },
  ): Promise<void> {
    const { tenantId } = actor;
    const roles = ['owner', 'admin'];
    await this.dataSource.transaction(async (manager) => {
      const username = cutText(email, 64);
      await manager.insert(User, { id, tenantId, username, email, displayName, passwordHash, roles });
      await manager.update(Tenant, { id: tenantId }, { enabled: true });
      await this.audit.record(manager, actor, {
        action: 'user.create',
        target: { kind: 'user', id, name: email },
        after: { email, roles },
      });
    });
  }

  private async summarize(tenants: readonly Tenant[]): Promise<TenantSummary[]> {
    const ids = tenants.map(({ id }) => id);
    const rows = await this.system.query<(Counts & { id: string })[]>(COUNTS, [ids]);
    return tenants.map((tenant) => ({ tenant, counts: rows.find(({ id }) => id === tenant.id)! }));
  }
}

function requireNotOperating(tenant: Tenant): void {
  if (tenant.isOperating) {
    throw new ConflictError('This tenant runs the installation: it can be neither suspended nor deleted');
  }
}

function requireNotRemoved(tenant: Tenant): void {
  if (tenant.removingAt) throw new ConflictError('This tenant is being deleted; that cannot be taken back');
}

function explainTaken(error: unknown): never {
  if (uniqueViolation(error) === null) throw error;
  const details = [{ field: 'name', message: 'is taken' }];
  throw new ConflictError('Another tenant has this name', { details, cause: error });
}
