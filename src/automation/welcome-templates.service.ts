import { Injectable } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { DataSource, type EntityManager } from 'typeorm';
import { AuditTrail } from '../access/audit/audit-trail.js';
import type { UserCaller } from '../access/caller.js';
import { Tenant } from '../access/tenant.entity.js';
import { User } from '../access/user.entity.js';
import { ConflictError, InvalidInputError, NotFoundError } from '../platform/errors.js';
import { newId } from '../platform/new-id.js';
import { type ReadVersions, requireVersion } from '../platform/rest/preconditions.js';
import { uniqueViolation } from '../platform/database/unique-violation.js';
import { AutomationSettings } from './automation-settings.js';
import { BUILT_IN_TEMPLATES } from './built-in-templates.js';
import { toLanguage } from './languages.js';
import { fillTemplate, problemsOfTemplate } from './welcome-template-text.js';
import { toPlainText } from './welcome-text.js';
import { WelcomeTemplate } from './welcome-template.entity.js';
import type { PreviewWelcomeDto, WelcomePreviewDto, WelcomeTemplateDto } from './welcome-templates.dto.js';
import { WelcomeTemplates } from './welcome-templates.js';

/** A tenant has one per language that people write in. */
const TEMPLATES_MAX = 100;
const SAMPLE_NAME = 'Emma';
/** Version of a template that is not the tenant's own. */
const UNSET = { version: 0 };

/** The administrators' side of welcome templates: seen and changed here, chosen in {@link WelcomeTemplates}. */
@Injectable()
export class WelcomeTemplatesService {
  constructor(
    @InjectDataSource() private readonly dataSource: DataSource,
    private readonly settings: AutomationSettings,
    private readonly templates: WelcomeTemplates,
    private readonly audit: AuditTrail,
  ) {}

  /** The tenant's own and, of the other languages, ours; by language. */
  async list({ tenantId }: UserCaller): Promise<WelcomeTemplateDto[]> {
    const own = await this.dataSource.getRepository(WelcomeTemplate).findBy({ tenantId });
    const others = [...BUILT_IN_TEMPLATES.keys()].filter(
      (tag) => !own.some(({ language }) => language === tag),
    );
    return [...own.map(toDto), ...others.map(builtIn)].toSorted((a, b) => (a.language < b.language ? -1 : 1));
  }

  /** @throws {NotFoundError} There is none in exactly this language. */
  async get({ tenantId }: UserCaller, tag: string): Promise<WelcomeTemplateDto> {
    const language = requireLanguage(tag);
    const own = await this.dataSource.getRepository(WelcomeTemplate).findOneBy({ tenantId, language });
    if (own) return toDto(own);
    if (BUILT_IN_TEMPLATES.has(language)) return builtIn(language);
    throw new NotFoundError(`No template in ${language}`);
  }

  /** @throws {InvalidInputError} It names what is none of the variables. */
  async put(
    caller: UserCaller,
    tag: string,
    { body: given, ifMatch }: { readonly body: string; readonly ifMatch?: ReadVersions },
  ): Promise<WelcomeTemplateDto> {
    const language = requireLanguage(tag);
    const body = requireGood(given);
    const saved = await this.dataSource
      .transaction(async (manager) => {
        const found = await findLocked(manager, caller, language);
        requireVersion(found ?? UNSET, ifMatch);
        if (!found) await requireRoom(manager, caller);
        const { tenantId } = caller;
        const template = found ?? manager.create(WelcomeTemplate, { id: newId(), tenantId, language });
        const before = found ? { body: found.body } : undefined;
        const changed = await manager.save(WelcomeTemplate, Object.assign(template, { body }));
        const values = { ...(before && { before }), after: { body } };
        await this.record(manager, caller, { action: 'welcome_template.put', template: changed, values });
        return changed;
      })
      .catch(explainTaken);
    return toDto(saved);
  }

  /** The one that comes with the product is in force again, where there is one. @throws {NotFoundError} */
  async delete(caller: UserCaller, tag: string, ifMatch?: ReadVersions): Promise<void> {
    const language = requireLanguage(tag);
    await this.dataSource.transaction(async (manager) => {
      const template = await findLocked(manager, caller, language);
      if (!template) throw new NotFoundError(`You have no template of your own in ${language}`);
      requireVersion(template, ifMatch);
      await manager.delete(WelcomeTemplate, { id: template.id });
      const values = { before: { body: template.body } };
      await this.record(manager, caller, { action: 'welcome_template.delete', template, values });
    });
  }

  /** What a customer would read. Changes nothing. */
  async preview({ tenantId }: UserCaller, input: PreviewWelcomeDto): Promise<WelcomePreviewDto> {
    const { manager } = this.dataSource;
    const { defaultLanguage } = await this.settings.of(tenantId);
    const tenant = await manager.findOneByOrFail(Tenant, { id: tenantId });
    const name = input.user_id === undefined ? SAMPLE_NAME : await findName(manager, tenantId, input.user_id);
    const values = { display_name: name, business_name: tenant.name };
    if (input.body !== undefined)
      return { text: fillTemplate(requireGood(input.body), values), language: null };
    const language = requireLanguage(input.language ?? defaultLanguage);
    const chosen = await this.templates.choose(tenantId, language, defaultLanguage);
    return { text: fillTemplate(chosen.body, values), language: chosen.language };
  }

  private record(
    manager: EntityManager,
    caller: UserCaller,
    entry: { action: string; template: WelcomeTemplate; values: { before?: object; after?: object } },
  ): Promise<void> {
    const { id, language: name } = entry.template;
    const target = { kind: 'welcome_template', id, name };
    return this.audit.record(manager, caller, { action: entry.action, target, ...entry.values });
  }
}

function requireLanguage(tag: string): string {
  const language = toLanguage(tag);
  if (language !== null) return language;
  throw new InvalidInputError(`'${tag}' is no language tag`, {
    details: [{ field: 'language', message: 'is no language tag' }],
  });
}

function requireGood(given: string): string {
  const body = toPlainText(given);
  const problems = body === '' ? ['is empty'] : problemsOfTemplate(body);
  if (problems.length === 0) return body;
  const details = problems.map((message) => ({ field: 'body', message }));
  throw new InvalidInputError('The template cannot be used', { details });
}

async function requireRoom(manager: EntityManager, { tenantId }: UserCaller): Promise<void> {
  if ((await manager.countBy(WelcomeTemplate, { tenantId })) < TEMPLATES_MAX) return;
  throw new ConflictError(`There are ${TEMPLATES_MAX} templates already; remove one first`);
}

function findLocked(
  manager: EntityManager,
  { tenantId }: UserCaller,
  language: string,
): Promise<WelcomeTemplate | null> {
  const lock = { mode: 'pessimistic_write' } as const;
  return manager.findOne(WelcomeTemplate, { where: { tenantId, language }, lock });
}

async function findName(manager: EntityManager, tenantId: string, id: string): Promise<string> {
  const user = await manager.findOneBy(User, { id, tenantId });
  if (user) return user.displayName;
  throw new NotFoundError(`No user ${id}`);
}

function explainTaken(error: unknown): never {
  if (uniqueViolation(error) === null) throw error;
  const message = 'Somebody set this at the same moment. Read it and repeat your change';
  throw new ConflictError(message, { cause: error });
}

function toDto({ language, body, version, updatedAt }: WelcomeTemplate): WelcomeTemplateDto {
  return { language, source: 'tenant', body, version, updated_at: updatedAt.toISOString() };
}

function builtIn(language: string): WelcomeTemplateDto {
  const body = BUILT_IN_TEMPLATES.get(language) ?? '';
  return { language, source: 'built_in', body, ...UNSET, updated_at: null };
}
