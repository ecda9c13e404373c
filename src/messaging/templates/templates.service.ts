import { Injectable } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { DataSource, type EntityManager } from 'typeorm';
import { AuditTrail } from '../../access/audit/audit-trail.js';
import { differenceOf } from '../../access/audit/difference.js';
import type { UserCaller } from '../../access/caller.js';
import { ChangeBus } from '../../platform/replicas/change-bus.js';
import { ConflictError, NotFoundError } from '../../platform/errors.js';
import { newId } from '../../platform/new-id.js';
import { given } from '../../platform/rest/given.js';
import { type ReadVersions, requireVersion } from '../../platform/rest/preconditions.js';
import { uniqueViolation } from '../../platform/database/unique-violation.js';
import { type FieldProblem, invalidFields } from '../../platform/rest/validation.js';
import { COMMON_VARIABLES, DEFAULT_TEMPLATES, type TemplateText, VARIABLES } from './default-templates.js';
import { type Language, LANGUAGES, NOTICE_KINDS, type NoticeKind } from '../notices/notice.js';
import type { PutTemplateDto } from './templates.dto.js';
import { NotificationTemplate } from './notification-template.entity.js';
import { fill, findTextProblem } from './template-text.js';

export type TemplateName = { readonly kind: NoticeKind; readonly language: Language };
/** The text in force for a kind and language; `own` undefined: it is ours. */
export type TemplateInForce = TemplateName & {
  readonly text: TemplateText;
  readonly own: NotificationTemplate | undefined;
};

/** Version of a template that is not there. */
const UNSET = { version: 0 };

/** The texts of notices, per tenant, kind and language. */
@Injectable()
export class TemplatesService {
  constructor(
    @InjectDataSource() private readonly dataSource: DataSource,
    private readonly changeBus: ChangeBus,
    private readonly audit: AuditTrail,
  ) {}

  async list({ tenantId }: UserCaller): Promise<TemplateInForce[]> {
    const own = await this.dataSource.getRepository(NotificationTemplate).findBy({ tenantId });
    return NOTICE_KINDS.flatMap((kind) =>
      LANGUAGES.map((language) => {
        const found = own.find((row) => row.kind === kind && row.language === language);
        return inForce({ kind, language }, found);
      }),
    );
  }

  async get(tenantId: string, name: TemplateName): Promise<TemplateInForce> {
    const own = await this.dataSource.getRepository(NotificationTemplate).findOneBy({ tenantId, ...name });
    return inForce(name, own ?? undefined);
  }

  /** @param ifMatch The version that the caller read, 0 where it was ours. */
  async put(
    caller: UserCaller,
    name: TemplateName,
    { title, body }: PutTemplateDto,
    ifMatch?: ReadVersions,
  ): Promise<TemplateInForce> {
    const text = given({ title, body });
    requireSound(name.kind, text);
    const { tenantId } = caller;
    const { result } = await this.changeBus
      .commit(async (manager) => {
        const found = await findLocked(manager, tenantId, name);
        requireVersion(found ?? UNSET, ifMatch);
        const ours = inForce(name, undefined).text;
        const row =
          found ?? manager.create(NotificationTemplate, { id: newId(), tenantId, ...name, ...ours });
        const values = found ? differenceOf(found, text) : { after: { ...ours, ...text } };
        const saved = await manager.save(NotificationTemplate, Object.assign(row, text));
        const target = targetOf(saved);
        await this.audit.record(manager, caller, { action: 'notification_template.put', target, ...values });
        return saved;
      })
      .catch((error: unknown) => {
        if (uniqueViolation(error) === null) throw error;
        const message = 'Somebody set this at the same moment. Read it and repeat your change';
        throw new ConflictError(message, { cause: error });
      });
    return inForce(name, result);
  }

  /** Back to ours. @throws {NotFoundError} The tenant has none of its own. */
  async delete(caller: UserCaller, name: TemplateName, ifMatch?: ReadVersions): Promise<TemplateInForce> {
    await this.changeBus.commit(async (manager) => {
      const found = await findLocked(manager, caller.tenantId, name);
      if (!found) throw new NotFoundError(`No template of your own for ${name.kind} in ${name.language}`);
      requireVersion(found, ifMatch);
      await manager.delete(NotificationTemplate, { id: found.id });
      const before = { title: found.title, body: found.body };
      const entry = { action: 'notification_template.delete', target: targetOf(found), before };
      await this.audit.record(manager, caller, entry);
    });
    return inForce(name, undefined);
  }

  /** What a template makes of sample values; without a text: the one in force. */
  async preview(
    { tenantId }: UserCaller,
    name: TemplateName,
    text: Partial<TemplateText>,
  ): Promise<TemplateText> {
    requireSound(name.kind, text);
    const present = await this.get(tenantId, name);
    return fill({ ...present.text, ...given(text) }, { ...COMMON_VARIABLES, ...VARIABLES[name.kind] });
  }
}

/** @throws {InvalidInputError} It names a variable that the kind does not have. */
function requireSound(kind: NoticeKind, text: Partial<TemplateText>): void {
  const problems: FieldProblem[] = [];
  for (const field of ['title', 'body'] as const) {
    const problem = findTextProblem(text[field] ?? '', kind);
    if (problem !== null) problems.push({ field, message: `${field} ${problem}` });
  }
  if (problems.length > 0) throw invalidFields(problems);
}

function inForce(name: TemplateName, own: NotificationTemplate | undefined): TemplateInForce {
  const ours: Partial<Record<Language, TemplateText>> = DEFAULT_TEMPLATES[name.kind];
  // A channel's row may name a language that another version of ours had.
  const { title, body } = own ?? ours[name.language] ?? DEFAULT_TEMPLATES[name.kind].en;
  return { ...name, text: { title, body }, own };
}

function targetOf({ id, kind, language }: NotificationTemplate) {
  return { kind: 'notification_template', id, name: `${kind}, ${language}` };
}

function findLocked(
  manager: EntityManager,
  tenantId: string,
  name: TemplateName,
): Promise<NotificationTemplate | null> {
  const where = { tenantId, ...name };
  return manager.findOne(NotificationTemplate, { where, lock: { mode: 'pessimistic_write' } });
}
