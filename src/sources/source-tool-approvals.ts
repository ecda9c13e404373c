import { Injectable } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { DataSource, type EntityManager } from 'typeorm';
import { AuditTrail } from '../access/audit/audit-trail.js';
import type { Caller } from '../access/caller.js';
import { containing } from '../platform/database/search.js';
import { ConflictError, NotFoundError } from '../platform/errors.js';
import { ChangeBus } from '../platform/replicas/change-bus.js';
import type { Page } from '../platform/rest/envelope.js';
import { decodeIdCursor, toPage } from '../platform/rest/paging.js';
import { definitionChanges } from './definition-changes.js';
import type { SourceToolQueryDto } from './source-tools.dto.js';
import { SourceToolListeners } from './source-tool-listeners.js';
import { SourceToolMaker } from './source-tool-maker.js';
import { SourceTool } from './source-tool.entity.js';
import { isRejected } from './sync-decision.js';

const REJECTED = 'rejected by an administrator';

/** A tool, and the digest of the definition that an administrator has read. */
export type Read = { readonly id: string; readonly digest: string };
type Decision = {
  readonly action: string;
  readonly columnsFor: (tool: SourceTool, digest: string) => Partial<SourceTool>;
};

/** Shows the tools that sources bring, and lets administrators say yes or no to what is new or changed. */
@Injectable()
export class SourceToolApprovals {
  constructor(
    @InjectDataSource() private readonly dataSource: DataSource,
    private readonly changeBus: ChangeBus,
    private readonly maker: SourceToolMaker,
    private readonly listeners: SourceToolListeners,
    private readonly audit: AuditTrail,
  ) {}

  /** Oldest first. */
  async list(caller: Caller, query: SourceToolQueryDto): Promise<Page<SourceTool>> {
    const found = this.dataSource
      .getRepository(SourceTool)
      .createQueryBuilder('t')
      .where('t.tenant_id = :tenantId', { tenantId: caller.tenantId })
      .orderBy('t.id', 'ASC')
      .take(query.limit + 1);
    if (query.source) found.andWhere('t.source = :source', { source: query.source });
    if (query.source_id) found.andWhere('t.source_id = :sourceId', { sourceId: query.source_id });
    if (query.state) found.andWhere('t.state = :state', { state: query.state });
    if (query.waiting) found.andWhere("(t.state = 'held' OR t.pending IS NOT NULL)");
    if (query.cursor) found.andWhere('t.id > :after', { after: decodeIdCursor(query.cursor) });
    if (query.q) found.andWhere('(t.tool_name ILIKE :q OR t.own_name ILIKE :q)', { q: containing(query.q) });
    return toPage(await found.getMany(), query.limit, ({ id }) => [id]);
  }

  /** @throws {NotFoundError} Not there, or another tenant's. */
  async get(caller: Caller, id: string): Promise<SourceTool> {
    const { tenantId } = caller;
    const tool = await this.dataSource.getRepository(SourceTool).findOneBy({ id, tenantId });
    if (!tool) throw new NotFoundError(`No tool ${id}`);
    return tool;
  }

  /**
   * Takes the definition that waits.
   *
   * @param digest Of the definition that the administrator has read.
   * @throws {ConflictError} Nothing waits, another definition does by now, or it cannot be served.
   */
  async approve(caller: Caller, id: string, digest: string): Promise<SourceTool> {
    const [tool] = await this.decide(caller, [{ id, digest }], this.approving);
    return tool;
  }

  /** Takes the definitions of several tools of one source: all of them, or none. */
  async approveAll(caller: Caller, sourceId: string, tools: readonly Read[]): Promise<SourceTool[]> {
    return this.decide(caller, tools, this.approving, sourceId);
  }

  /** Refuses the definition that waits; it is not asked about again. What was approved before stays in force. */
  async reject(caller: Caller, id: string, digest: string): Promise<SourceTool> {
    const [tool] = await this.decide(caller, [{ id, digest }], REJECTING);
    return tool;
  }

  private readonly approving: Decision = {
    action: 'source_tool.approve',
    columnsFor: (tool, digest) => {
      const definition = tool.pending ?? tool.definition;
      const fault = this.maker.faultOf(tool, { definition, digest });
      if (fault !== null) throw new ConflictError(`It cannot be served: ${fault}`);
      return { definition, digest, state: 'active', pending: null, pendingDigest: null, reason: null };
    },
  };

  private async decide(
    caller: Caller,
    tools: readonly Read[],
    { action, columnsFor }: Decision,
    sourceId?: string,
  ): Promise<SourceTool[]> {
    const { result } = await this.changeBus.commit(async (manager) => {
      const { tenantId } = caller;
      const saved: SourceTool[] = [];
      for (const { id, digest } of tools) {
        const tool = await findLocked(manager, caller, id);
        if (sourceId !== undefined && tool.sourceId !== sourceId) throw new NotFoundError(`No tool ${id}`);
        requireWaiting(tool, digest);
        const before = { state: tool.state, digest: tool.digest };
        const changes = tool.pending ? definitionChanges(tool.definition, tool.pending) : undefined;
        const done = await manager.save(SourceTool, Object.assign(tool, columnsFor(tool, digest)));
        const after = { state: done.state, digest: done.digest, ...(changes && { changes }) };
        const target = { kind: 'source_tool', id, name: done.toolName };
        await this.audit.record(manager, caller, { action, target, before, after });
        saved.push(done);
      }
      await this.listeners.tell(manager, { tenantId, toolIds: saved.map(({ id }) => id) });
      return saved;
    });
    return result;
  }
}

const REJECTING: Decision = {
  action: 'source_tool.reject',
  columnsFor: (tool, digest) => ({
    pending: null,
    pendingDigest: digest,
    ...(tool.pending === null ? { state: 'quarantined', reason: REJECTED } : { reason: null }),
  }),
};

/** Also what was rejected may be approved later. */
function requireWaiting(tool: SourceTool, digest: string): void {
  const waiting = tool.pendingDigest ?? (tool.state === 'held' ? tool.digest : null);
  const mayWait = tool.pending !== null || tool.state === 'held' || isRejected(tool, tool.digest);
  if (waiting === null || !mayWait)
    throw new ConflictError(
      tool.state === 'quarantined'
        ? `It cannot be served: ${tool.reason ?? ''}`
        : 'Nothing of it waits for approval',
    );
  if (waiting !== digest)
    throw new ConflictError('Its definition has changed since you read it. Read it again and decide', {
      details: [{ field: 'digest', message: 'is not the digest of the definition that waits' }],
    });
}

async function findLocked(manager: EntityManager, { tenantId }: Caller, id: string): Promise<SourceTool> {
  const lock = { mode: 'pessimistic_write' } as const;
  const tool = await manager.findOne(SourceTool, { where: { id, tenantId }, lock });
  if (!tool) throw new NotFoundError(`No tool ${id}`);
  return tool;
}
