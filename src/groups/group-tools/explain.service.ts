import { Injectable } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { DataSource } from 'typeorm';
import type { Caller, UserCaller } from '../../access/caller.js';
import { User } from '../../access/user.entity.js';
import { NotFoundError } from '../../platform/errors.js';
import { toLogJson } from '../../platform/secrets/redact.js';
import { invalidFields } from '../../platform/rest/validation.js';
import { Config } from '../../platform/config.js';
import { checkArguments } from '../../tools/pipe/arguments-check.js';
import { unknownToolMessage } from '../../tools/pipe/tool-executor.js';
import { GROUP_RULES, TOOL_RULES } from '../access-rules.js';
import { CatalogStore } from '../catalog-store.js';
import type { Catalog } from '../catalog.js';
import type { ExplainDto, ExplanationDto } from './explain.dto.js';
import { GroupsService } from '../groups.service.js';
import { keyFault } from '../keys/key-state.js';
import { KeysService } from '../keys/keys.service.js';

type Outcome = ExplanationDto['rules'][number];
/** Who would call, and what the credential itself has to say. */
type Subject = { readonly caller: Caller; readonly outcome: Outcome };

/**
 * Says whether a call would be allowed and which rule decides, by asking the rules that decide real calls. It runs and records
 * nothing. Not asked: the network a key comes from, and limits of the moment.
 */
@Injectable()
export class ExplainService {
  constructor(
    @InjectDataSource() private readonly dataSource: DataSource,
    private readonly groups: GroupsService,
    private readonly keys: KeysService,
    private readonly catalogs: CatalogStore,
    private readonly config: Config,
  ) {}

  /** @throws {NotFoundError} No such group, key or user in the caller's tenant. */
  async explain(caller: UserCaller, groupId: string, input: ExplainDto): Promise<ExplanationDto> {
    await this.groups.get(caller, groupId);
    const catalog = this.catalogs.find(groupId);
    if (!catalog) throw new NotFoundError(`No group ${groupId}`);
    const subject = await this.subjectOf(caller, input);
    const atDoor = [
      subject.outcome,
      ...GROUP_RULES.map(({ name, check }) => outcome(name, check(catalog, subject.caller))),
    ];
    const atTool = this.askTool(catalog, subject.caller, input);
    const rules = [...atDoor, ...atTool];
    const decisive = rules.find(({ passed }) => !passed);
    const isCall = atDoor.every(({ passed }) => passed);
    return {
      allowed: decisive === undefined,
      decided_by: decisive?.rule ?? null,
      rules,
      record: isCall ? this.previewOf(input, decisive) : null,
    };
  }

  private askTool(catalog: Catalog, caller: Caller, input: ExplainDto): Outcome[] {
    const tool = catalog.tools.get(input.tool);
    const asked = TOOL_RULES.map(({ name, check }) => outcome(name, check(tool, caller, catalog)));
    if (!tool) return asked;
    return [...asked, outcome('arguments', checkArguments(tool, input.arguments ?? {}, this.config).fault)];
  }

  private async subjectOf(caller: UserCaller, { key_id, user_id }: ExplainDto): Promise<Subject> {
    if (key_id !== undefined && user_id === undefined) return this.keySubject(caller, key_id);
    if (user_id !== undefined && key_id === undefined) return this.userSubject(caller, user_id);
    throw invalidFields([{ field: 'key_id', message: 'name either key_id or user_id' }]);
  }

  private async keySubject(caller: UserCaller, keyId: string): Promise<Subject> {
    const key = await this.keys.get(caller, keyId);
    const { tenantId, groupId, toolNames } = key;
    const tools = toolNames ? { tools: new Set(toolNames) } : {};
    return {
      caller: { kind: 'group_key', tenantId, groupId, keyId, ...tools },
      outcome: outcome('key_state', keyFault(key)),
    };
  }

  private async userSubject({ tenantId }: UserCaller, userId: string): Promise<Subject> {
    const user = await this.dataSource.getRepository(User).findOneBy({ id: userId, tenantId });
    if (!user) throw new NotFoundError(`No user ${userId}`);
    const { email, roles, tier } = user;
    return {
      caller: { kind: 'user', tenantId, userId, email, roles, tier, isOperatingTenant: false },
      outcome: outcome('user_state', user.enabled ? null : 'The user is disabled'),
    };
  }

  private previewOf(input: ExplainDto, decisive: Outcome | undefined): ExplanationDto['record'] {
    const isArguments = decisive?.rule === 'arguments';
    const requestData = toLogJson(input.arguments, this.config.env.CALL_LOG_MAX_BYTES);
    return {
      tool_name: input.tool,
      key_id: input.key_id ?? null,
      user_id: input.user_id ?? null,
      error_kind: decisive ? (isArguments ? 'invalid_arguments' : 'refused') : null,
      error_message: isArguments ? decisive.reason : decisive ? unknownToolMessage(input.tool) : null,
      request_data: requestData === null ? null : (JSON.parse(requestData) as object),
    };
  }
}

function outcome(rule: string, reason: string | null): Outcome {
  return { rule, passed: reason === null, reason };
}
