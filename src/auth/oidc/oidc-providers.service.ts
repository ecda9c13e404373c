import { Injectable } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { DataSource, type EntityManager } from 'typeorm';
import { newId } from '../../platform/new-id.js';
import { given } from '../../platform/rest/given.js';
import { AuditTrail } from '../../access/audit/audit-trail.js';
import type { UserCaller } from '../../access/caller.js';
import { isRole, standsAbove } from '../../access/role-rank.js';
import type { Page } from '../../platform/rest/envelope.js';
import { ConflictError, ForbiddenError, NotFoundError } from '../../platform/errors.js';
import { decodeIdCursor, toPage } from '../../platform/rest/paging.js';
import { type ReadVersions, requireVersion } from '../../platform/rest/preconditions.js';
import { SecretBox } from '../../platform/secrets/secret-box.js';
import { SealedColumn } from '../../platform/secrets/sealed-column.js';
import { uniqueViolation } from '../../platform/database/unique-violation.js';
import { invalidFields } from '../../platform/rest/validation.js';
import { Config } from '../../platform/config.js';
import { UserChanges } from '../sign-in/user-changes.js';
import { addressRulesOf, findIssuerProblem } from './issuer-rules.js';
import { OidcProvider } from './oidc-provider.entity.js';
import {
  auditedFields,
  type CreateOidcProviderDto,
  type UpdateOidcProviderDto,
} from './oidc-providers.dto.js';
import { endSignInsThrough } from './provider-sign-ins.js';
import { cutText } from '../../platform/cut-text.js';

const MAP_MAX = 100;

/**
 * The outside providers of a tenant. Whoever sets one up gives its people roles, so the rule for giving roles holds: none
 * above one's own, and no change to a provider that gives such roles already.
 */
@Injectable()
export class OidcProvidersService {
  constructor(
    @InjectDataSource() private readonly dataSource: DataSource,
    private readonly audit: AuditTrail,
    private readonly box: SecretBox,
    private readonly config: Config,
    private readonly changes: UserChanges,
  ) {}

  /** Oldest first. */
  async list(query: { limit: number; cursor?: string }): Promise<Page<OidcProvider>> {
    const found = this.dataSource
      .getRepository(OidcProvider)
      .createQueryBuilder('p')
      .orderBy('p.id', 'ASC')
      .take(query.limit + 1);
    if (query.cursor) found.andWhere('p.id > :after', { after: decodeIdCursor(query.cursor) });
    return toPage(await found.getMany(), query.limit, (provider) => [provider.id]);
  }

  /** @throws {NotFoundError} Not there, or another tenant's. */
  async get(id: string): Promise<OidcProvider> {
    const row = await this.dataSource.getRepository(OidcProvider).findOneBy({ id });
    if (!row) throw new NotFoundError(`No OIDC provider ${id}`);
    return row;
  }

  async create(caller: UserCaller, input: CreateOidcProviderDto): Promise<OidcProvider> {
    this.requireSound(input);
    const id = newId();
    await this.changing(caller, 'oidc_provider.create', async (manager) => {
      const row = manager.create(OidcProvider, {
        id,
        tenantId: caller.tenantId,
        ...this.columnsOf(caller, id, input),
      });
      requireMayGiveItsRoles(caller, { roleMap: row.roleMap, defaultRoles: row.defaultRoles ?? [] });
      await manager.insert(OidcProvider, row);
      const saved = await manager.findOneByOrFail(OidcProvider, { id });
      const entry = { target: targetOf(saved), after: auditedFields(saved) };
      await this.audit.record(manager, caller, { action: 'oidc_provider.create', ...entry });
    });
    return this.get(id);
  }

  /**
   * Ends the sign-ins through a provider that is switched off or has another issuer now.
   *
   * @throws {InvalidInputError} The issuer changes and the secret does not: it would be sent to somebody else.
   */
  async update(
    caller: UserCaller,
    id: string,
    input: UpdateOidcProviderDto,
    ifMatch?: ReadVersions,
  ): Promise<OidcProvider> {
    this.requireSound(input);
    await this.changing(caller, 'oidc_provider.update', async (manager) => {
      const row = await findLocked(manager, id);
      requireVersion(row, ifMatch);
      requireMayGiveItsRoles(caller, row);
      const moved = input.issuer !== undefined && input.issuer !== row.issuer;
      if (moved && row.clientSecret && input.client_secret === undefined) {
        throw invalidFields([{ field: 'client_secret', message: 'must be given anew with another issuer' }]);
      }
      const before = auditedFields(row);
      const { issuer: trusted, enabled: wasEnabled } = row;
      Object.assign(row, this.columnsOf(caller, id, input));
      requireMayGiveItsRoles(caller, row);
      await manager.save(OidcProvider, row);
      if (moved || (wasEnabled && !row.enabled)) await endSignInsThrough(manager, caller.tenantId, trusted);
      const entry = { target: targetOf(row), before, after: auditedFields(row) };
      await this.audit.record(manager, caller, { action: 'oidc_provider.update', ...entry });
    });
    return this.get(id);
  }

  /** Its people stay, with their links to the issuer; what they began through it ends. */
  async delete(caller: UserCaller, id: string, ifMatch?: ReadVersions): Promise<void> {
    await this.changing(caller, 'oidc_provider.delete', async (manager) => {
      const row = await findLocked(manager, id);
      requireVersion(row, ifMatch);
      requireMayGiveItsRoles(caller, row);
      await manager.delete(OidcProvider, { id });
      await endSignInsThrough(manager, caller.tenantId, row.issuer);
      const entry = { target: targetOf(row), before: auditedFields(row) };
      await this.audit.record(manager, caller, { action: 'oidc_provider.delete', ...entry });
    });
  }

  private async changing(
    caller: UserCaller,
    action: string,
    work: (manager: EntityManager) => Promise<void>,
  ): Promise<void> {
    try {
      await this.changes.changeAll(caller.tenantId, work);
    } catch (error) {
      if (error instanceof ForbiddenError) {
        await this.audit.recordRefusal(caller, { action, reason: error.message });
      }
      if (uniqueViolation(error) !== 'uq_oidc_providers_tenant_name') throw error;
      const details = [{ field: 'name', message: 'is taken' }];
      throw new ConflictError('Another provider of yours has this name', { details, cause: error });
    }
  }

  private requireSound(input: UpdateOidcProviderDto): void {
    const { USER_TIERS: tiers } = this.config.env;
    const issuer =
      input.issuer === undefined ? null : findIssuerProblem(input.issuer, addressRulesOf(this.config));
    const closed = input.scopes !== undefined && !input.scopes.includes('openid');
    const problems = [
      issuer === null ? null : { field: 'issuer', message: `issuer ${issuer}` },
      closed ? { field: 'scopes', message: 'must contain openid' } : null,
      mapProblem('role_map', input.role_map, { isKnown: isRole, what: 'a role' }),
      mapProblem('tier_map', input.tier_map, { isKnown: (tier) => tiers.includes(tier), what: 'a tier' }),
    ].filter((problem) => problem !== null);
    if (problems.length > 0) throw invalidFields(problems);
  }

  /** Absent fields are left out, so that an update keeps and an insert defaults them. */
  private columnsOf(
    { tenantId }: UserCaller,
    id: string,
    input: UpdateOidcProviderDto,
  ): Partial<OidcProvider> {
    const secret = input.client_secret;
    const columns = {
      name: input.name,
      issuer: input.issuer,
      clientId: input.client_id,
      clientSecret:
        typeof secret === 'string' ? this.box.seal(secret, CLIENT_SECRET.contextOf(tenantId, id)) : secret,
      scopes: input.scopes,
      emailClaim: input.email_claim,
      nameClaim: input.name_claim,
      rolesClaim: input.roles_claim,
      roleMap: input.role_map,
      tierClaim: input.tier_claim,
      tierMap: input.tier_map,
      defaultRoles: input.default_roles,
      emailDomains: input.email_domains,
      createUsers: input.create_users,
      enabled: input.enabled,
    };
    return given(columns);
  }
}

/** The secrets of providers. */
export const CLIENT_SECRET = new SealedColumn('oidc_providers', 'client_secret');

function requireMayGiveItsRoles(
  caller: UserCaller,
  { roleMap = {}, defaultRoles }: Pick<OidcProvider, 'defaultRoles'> & Partial<Pick<OidcProvider, 'roleMap'>>,
): void {
  if (standsAbove(caller, [...Object.values(roleMap), ...defaultRoles])) return;
  throw new ForbiddenError(
    'This provider gives a role above your own; only someone with that role may change it',
  );
}

function mapProblem(
  field: string,
  map: unknown,
  rule: { readonly isKnown: (value: string) => boolean; readonly what: string },
): { field: string; message: string } | null {
  if (map === undefined) return null;
  const entries = Object.entries(map as Record<string, unknown>);
  if (entries.length > MAP_MAX) return { field, message: `must have at most ${MAP_MAX} entries` };
  const wrong = entries.find(([, value]) => typeof value !== 'string' || !rule.isKnown(value));
  return wrong ? { field, message: `${cutText(wrong[0], 50)} leads to what is not ${rule.what}` } : null;
}

async function findLocked(manager: EntityManager, id: string): Promise<OidcProvider> {
  const row = await manager.findOne(OidcProvider, { where: { id }, lock: { mode: 'pessimistic_write' } });
  if (!row) throw new NotFoundError(`No OIDC provider ${id}`);
  return row;
}

function targetOf({ id, name }: OidcProvider) {
  return { kind: 'oidc_provider', id, name };
}
