import { Injectable } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { DataSource, type EntityManager } from 'typeorm';
import { newId } from '../platform/new-id.js';
import { given } from '../platform/rest/given.js';
import { AuditTrail } from '../access/audit/audit-trail.js';
import { differenceOf } from '../access/audit/difference.js';
import type { Caller } from '../access/caller.js';
import { ChangeBus } from '../platform/replicas/change-bus.js';
import { cutText } from '../platform/cut-text.js';
import { ConflictError, NotFoundError } from '../platform/errors.js';
import { originOfUrl } from '../platform/network/url-origin.js';
import { type ReadVersions, requireVersion } from '../platform/rest/preconditions.js';
import { SecretBox } from '../platform/secrets/secret-box.js';
import { uniqueViolation } from '../platform/database/unique-violation.js';
import { invalidFields } from '../platform/rest/validation.js';
import { Config } from '../platform/config.js';
import { AGENT_KEY, AgentCaller } from './agent-caller.js';
import { AgentCircuits } from './agent-circuits.js';
import { AgentFailure } from './agent-failure.js';
import { AgentVersion } from './agent-version.entity.js';
import type { CreateVersionDto, UpdateVersionDto } from './agent-versions.dto.js';
import { Agent } from './agent.entity.js';
import { findBaseUrlProblem, normalizeBaseUrl } from './base-url.js';

const DESCRIBE_LIMIT_MS = 3000;
const PREFIX_LENGTH = 8;

/** The Dify apps behind an agent, and the keys to them. */
@Injectable()
export class AgentVersionsService {
  constructor(
    @InjectDataSource() private readonly dataSource: DataSource,
    private readonly changeBus: ChangeBus,
    private readonly box: SecretBox,
    private readonly caller: AgentCaller,
    private readonly circuits: AgentCircuits,
    private readonly audit: AuditTrail,
    private readonly config: Config,
  ) {}

  /** @throws {NotFoundError} Not there, or another tenant's. */
  async get(caller: Caller, id: string): Promise<AgentVersion> {
    const row = await this.dataSource
      .getRepository(AgentVersion)
      .findOneBy({ id, tenantId: caller.tenantId });
    if (!row) throw new NotFoundError(`No agent version ${id}`);
    return row;
  }

  /** @throws {ConflictError} Another version of the agent has the label. */
  async create(caller: Caller, agentId: string, input: CreateVersionDto): Promise<AgentVersion> {
    this.requireSound(input);
    const { result } = await this.changeBus
      .commit(async (manager) => {
        const isThere = await manager.existsBy(Agent, { id: agentId, tenantId: caller.tenantId });
        if (!isThere) throw new NotFoundError(`No agent ${agentId}`);
        return this.insert(manager, caller, agentId, input);
      })
      .catch(explainTaken);
    return this.describe(result);
  }

  /** Part of the transaction that makes the agent, too; {@link requireSound} comes before it. */
  async insert(
    manager: EntityManager,
    caller: Caller,
    agentId: string,
    input: CreateVersionDto,
  ): Promise<AgentVersion> {
    const id = newId();
    const columns = { tenantId: caller.tenantId, agentId, ...this.columnsOf(caller, id, input) };
    const row = await manager.save(AgentVersion, manager.create(AgentVersion, { id, ...columns }));
    const entry = { target: targetOf(row), after: auditable(columns) };
    await this.audit.record(manager, caller, { action: 'agent_version.create', ...entry });
    return row;
  }

  /**
   * @throws {ConflictError} Another version of the agent has the label.
   * @throws {InvalidInputError} It moves to another server and the key does not change: the key would go to somebody else.
   */
  async update(
    caller: Caller,
    id: string,
    input: UpdateVersionDto,
    ifMatch?: ReadVersions,
  ): Promise<AgentVersion> {
    this.requireSound(input);
    const { result } = await this.changeBus
      .commit(async (manager) => {
        const row = await findLocked(manager, caller, id);
        requireVersion(row, ifMatch);
        const columns = this.columnsOf(caller, id, input);
        const isElsewhere =
          columns.baseUrl !== undefined && originOfUrl(columns.baseUrl) !== originOfUrl(row.baseUrl);
        if (isElsewhere && input.api_key === undefined)
          throw invalidFields([{ field: 'api_key', message: 'must be given anew with another server' }]);
        const { before, after } = differenceOf(row, auditable(columns));
        const isOtherApp = columns.baseUrl !== undefined || columns.ciphertext !== undefined;
        const saved = await manager.save(
          AgentVersion,
          Object.assign(row, columns, isOtherApp && { mode: null, appName: null, inputs: [], problem: null }),
        );
        if (isOtherApp) await this.circuits.close(manager, id);
        const entry = { target: targetOf(saved), before, after };
        await this.audit.record(manager, caller, { action: 'agent_version.update', ...entry });
        return { saved, isOtherApp };
      })
      .catch(explainTaken);
    return result.isOtherApp ? this.describe(result.saved) : result.saved;
  }

  /** @throws {ConflictError} It is the last one: an agent has at least one version. */
  async delete(caller: Caller, id: string, ifMatch?: ReadVersions): Promise<void> {
    await this.changeBus.commit(async (manager) => {
      const { agentId } = await findLocked(manager, caller, id);
      // Locked before the versions are counted: two deletions at once would each leave the other's.
      await manager.query('SELECT FROM agents WHERE id = $1 FOR UPDATE', [agentId]);
      const row = await findLocked(manager, caller, id);
      requireVersion(row, ifMatch);
      if ((await manager.countBy(AgentVersion, { agentId })) === 1)
        throw new ConflictError('This is the only version of the agent; delete the agent instead');
      await manager.delete(AgentVersion, { id });
      await this.circuits.close(manager, id);
      const entry = { target: targetOf(row), before: { label: row.label, baseUrl: row.baseUrl } };
      await this.audit.record(manager, caller, { action: 'agent_version.delete', ...entry });
    });
  }

  /** Asks the app what it is and what it wants, now. What came of it is in the row. */
  async check(caller: Caller, id: string): Promise<AgentVersion> {
    const row = await this.get(caller, id);
    await this.audit.recordAct(caller, { action: 'agent_version.check', target: targetOf(row) });
    return this.describe(row);
  }

  /** The key itself; that it was shown is put on record. @throws {ConflictError} It does not open. */
  async reveal(caller: Caller, id: string): Promise<{ readonly key: string; readonly row: AgentVersion }> {
    const row = await this.get(caller, id);
    const entry = { action: 'agent_version.reveal', target: targetOf(row) };
    await this.audit.record(this.dataSource.manager, caller, entry);
    try {
      return { key: this.box.open(row.ciphertext, AGENT_KEY.contextOf(row.tenantId, id)), row };
    } catch (cause) {
      throw new ConflictError('The stored key does not open; give it anew', { cause });
    }
  }

  /** Closes the circuit of a version on every replica: the next question may reach it. */
  async resetCircuit(caller: Caller, id: string): Promise<void> {
    await this.changeBus.commit(async (manager) => {
      const row = await findLocked(manager, caller, id);
      await this.audit.record(manager, caller, { action: 'circuit.reset', target: targetOf(row) });
      await this.circuits.close(manager, id);
    });
  }

  /** @returns The row as it is then; a failure is in its `problem`. */
  async describe(row: AgentVersion): Promise<AgentVersion> {
    try {
      await this.caller.describe(row, AbortSignal.timeout(DESCRIBE_LIMIT_MS));
    } catch (error) {
      if (!(error instanceof AgentFailure)) throw error;
    }
    return this.dataSource.getRepository(AgentVersion).findOneByOrFail({ id: row.id });
  }

  /** Before anything is looked up. @throws {InvalidInputError} The base URL is none that may be called. */
  requireSound({ base_url: baseUrl }: UpdateVersionDto): void {
    if (baseUrl === undefined) return;
    const problem = findBaseUrlProblem(baseUrl, this.config.env.AGENT_PRIVATE_NETWORKS);
    if (problem !== null) throw invalidFields([{ field: 'base_url', message: `base_url ${problem}` }]);
  }

  /** Absent fields are left out, so that an update keeps and an insert defaults them. */
  private columnsOf({ tenantId }: Caller, id: string, input: UpdateVersionDto): Partial<AgentVersion> {
    const { base_url: baseUrl, api_key: key } = input;
    const columns = {
      label: input.label,
      appId: input.app_id,
      baseUrl: baseUrl === undefined ? undefined : normalizeBaseUrl(baseUrl),
      ciphertext: key === undefined ? undefined : this.box.seal(key, AGENT_KEY.contextOf(tenantId, id)),
      keyPrefix: key === undefined ? undefined : cutText(key, PREFIX_LENGTH),
      weight: input.weight,
      enabled: input.enabled,
    };
    return given(columns);
  }
}

async function findLocked(manager: EntityManager, caller: Caller, id: string): Promise<AgentVersion> {
  const row = await manager.findOne(AgentVersion, {
    where: { id, tenantId: caller.tenantId },
    lock: { mode: 'pessimistic_write' },
  });
  if (!row) throw new NotFoundError(`No agent version ${id}`);
  return row;
}

export function targetOf({ id, label }: AgentVersion) {
  return { kind: 'agent_version', id, name: label };
}

/** Without the sealed key: that it changed shows in its prefix. */
function auditable({ ciphertext: _sealed, ...columns }: Partial<AgentVersion>): Partial<AgentVersion> {
  return columns;
}

export function explainTaken(error: unknown): never {
  if (uniqueViolation(error) !== 'uq_agent_versions_agent_label') throw error;
  const details = [{ field: 'label', message: 'is taken' }];
  throw new ConflictError('Another version of the agent has this label', { details, cause: error });
}
