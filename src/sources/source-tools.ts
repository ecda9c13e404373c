import { setImmediate as nextTurn } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import { Injectable } from '@nestjs/common';
import { type EntityManager, In } from 'typeorm';
import { lock } from '../platform/database/advisory-locks.js';
import { newId } from '../platform/new-id.js';
import { ToolRegistry } from '../tools/tool-registry.js';
import { exposedName, withHash } from './exposed-name.js';
import { pin } from './pinned-definition.js';
import { SourceToolListeners } from './source-tool-listeners.js';
import { SourceToolMaker } from './source-tool-maker.js';
import { type SourceDefinition, type SourceKind, SourceTool } from './source-tool.entity.js';
import { decideKnown, decideMissing, decideNew, type SourcePolicy } from './sync-decision.js';

/** More of one source are no toolbox; a list that long holds up everybody who reads it. */
export const TOOLS_PER_SOURCE_MAX = 2000;
const OWN_NAME_MAX = 255;
const ROWS_PER_STATEMENT = 200;
/** Each has its schemas compiled: what comes meanwhile must not wait for all of them. */
const TOOLS_PER_TURN = 20;

export type FoundTool = {
  readonly ownName: string;
  /** What agents are to call it; see `exposedName`. One that is known already keeps its name. */
  readonly toolName: string;
  readonly definition: SourceDefinition;
};

export type SourceSync = {
  readonly tenantId: string;
  readonly source: SourceKind;
  readonly sourceId: string;
  readonly policy: SourcePolicy;
  /** All that the source offers: what is not here counts as gone. */
  readonly found: readonly FoundTool[];
};

/** What a sync changed, by the names that agents call the tools. */
export type SyncResult = {
  readonly added: readonly string[];
  readonly changed: readonly string[];
  readonly gone: readonly string[];
  /** Among the added and changed: they wait for approval. */
  readonly held: readonly string[];
  readonly quarantined: readonly { readonly toolName: string; readonly reason: string }[];
  /** Not taken at all: beyond what a source may have, twice the same name, or a name too long. */
  readonly leftOut: number;
};

/** Keeps the stored tools of sources as the sources offer them, within what their tenants allow. */
@Injectable()
export class SourceTools {
  constructor(
    private readonly registry: ToolRegistry,
    private readonly maker: SourceToolMaker,
    private readonly listeners: SourceToolListeners,
  ) {}

  /**
   * Takes over what a source offers now: in the caller's transaction, inside `ChangeBus.commit` so that it is in force when that returns.
   * One tool that cannot be served is quarantined alone.
   */
  async sync(manager: EntityManager, sync: SourceSync): Promise<SyncResult> {
    const { tenantId, sourceId } = sync;
    await lock(manager, 'sourceTools', tenantId);
    const known = await manager.find(SourceTool, { where: { tenantId, sourceId }, order: { id: 'ASC' } });
    const found = distinct(sync.found);
    const byName = new Map(known.map((tool) => [tool.ownName, tool]));
    const takenBy = await this.namesTaken(manager, sync, found);
    const touched: SourceTool[] = [];
    const added: SourceTool[] = [];
    for (const [index, one] of found.entries()) {
      if (index % TOOLS_PER_TURN === TOOLS_PER_TURN - 1) await nextTurn();
      const tool = byName.get(one.ownName);
      if (!tool) added.push(this.fresh(manager, one, sync, takenBy));
      else if (this.isChanged(tool, one, sync)) touched.push(tool);
    }
    const present = new Set(found.map(({ ownName }) => ownName));
    const gone = known.filter((tool) => !present.has(tool.ownName) && changed(tool, decideMissing(tool)));
    await this.listeners.tell(manager, { tenantId, toolIds: [...touched, ...gone].map(({ id }) => id) });
    await manager.save(SourceTool, [...added, ...touched, ...gone], { chunk: ROWS_PER_STATEMENT });
    return toResult({ added, changed: touched, gone, leftOut: sync.found.length - found.length });
  }

  /** Removes all tools of a source that is removed itself; they leave the groups that have them. */
  async removeAll(manager: EntityManager, tenantId: string, sourceId: string): Promise<number> {
    const tools = await manager.find(SourceTool, { where: { tenantId, sourceId }, select: { id: true } });
    await this.listeners.tell(manager, { tenantId, toolIds: tools.map(({ id }) => id) });
    await manager.delete(SourceTool, { tenantId, sourceId });
    return tools.length;
  }

  /** Takes over what is said of a tool that is known. @returns Whether it says anything new. */
  private isChanged(tool: SourceTool, one: FoundTool, { policy }: SourceSync): boolean {
    const pinned = pin(one.definition);
    const fault = pinned.fault ?? this.maker.faultOf(tool, pinned);
    return changed(tool, decideKnown(tool, { ...pinned, fault }, policy));
  }

  private fresh(
    manager: EntityManager,
    one: FoundTool,
    sync: SourceSync,
    takenBy: ReadonlyMap<string, string>,
  ): SourceTool {
    const { tenantId, source, sourceId, policy } = sync;
    const pinned = pin(one.definition);
    const holder = takenBy.get(one.toolName);
    const toolName =
      holder === undefined ? one.toolName : withHash(one.toolName, `${sourceId} ${one.ownName}`);
    const row = { id: newId(), tenantId, source, sourceId, ownName: one.ownName, toolName };
    const fault =
      pinned.fault ??
      (holder === undefined
        ? this.maker.faultOf(row, pinned)
        : `the name '${one.toolName}' belongs to ${holder}`);
    return manager.create(SourceTool, { ...row, ...decideNew({ ...pinned, fault }, policy) });
  }

  /** Names of this build and of the tenant's other sources; the second of two in one source is told apart as well. */
  private async namesTaken(
    manager: EntityManager,
    { tenantId, sourceId }: SourceSync,
    found: readonly FoundTool[],
  ): Promise<ReadonlyMap<string, string>> {
    const wanted = found.map(({ toolName }) => toolName);
    const held = await manager.find(SourceTool, {
      where: { tenantId, toolName: In(wanted) },
      select: { toolName: true, source: true, sourceId: true, ownName: true },
    });
    const takenBy = new Map<string, string>();
    const ownNameOf = new Map<string, string>();
    for (const { toolName, ownName } of found) {
      const first = ownNameOf.get(toolName);
      if (first === undefined) ownNameOf.set(toolName, ownName);
      else takenBy.set(toolName, `its tools '${first}' and '${ownName}' alike`);
    }
    for (const tool of held) {
      const isOwn = tool.sourceId === sourceId;
      if (isOwn && ownNameOf.get(tool.toolName) === tool.ownName) continue;
      takenBy.set(
        tool.toolName,
        `'${tool.ownName}' of ${isOwn ? 'the same' : 'another'} source (${tool.source})`,
      );
    }
    for (const definition of this.registry.definitions())
      for (const name of [definition.name, ...(definition.aliases ?? [])])
        takenBy.set(name, 'a tool of this build');
    return takenBy;
  }
}

/** Writes the columns into the row. @returns Whether they say anything new. */
function changed(tool: SourceTool, columns: Partial<SourceTool>): boolean {
  const isNew = Object.entries(columns).some(
    ([name, value]) => !isDeepStrictEqual(tool[name as keyof SourceTool], value),
  );
  Object.assign(tool, columns);
  return isNew;
}

/** The first of each name; names that fit their column. */
function distinct(found: readonly FoundTool[]): FoundTool[] {
  const byName = new Map<string, FoundTool>();
  for (const { ownName, toolName, definition } of found) {
    if (ownName === '' || ownName.length > OWN_NAME_MAX || ownName.includes('\0') || byName.has(ownName))
      continue;
    const isUsable = /^[A-Za-z][A-Za-z0-9_-]{0,63}$/.test(toolName);
    byName.set(ownName, { ownName, definition, toolName: isUsable ? toolName : exposedName('', toolName) });
    if (byName.size === TOOLS_PER_SOURCE_MAX) break;
  }
  return [...byName.values()];
}

function toResult(rows: {
  readonly added: readonly SourceTool[];
  readonly changed: readonly SourceTool[];
  readonly gone: readonly SourceTool[];
  readonly leftOut: number;
}): SyncResult {
  const all = [...rows.added, ...rows.changed];
  return {
    added: namesOf(rows.added),
    changed: namesOf(rows.changed),
    gone: namesOf(rows.gone),
    held: namesOf(all.filter(({ state, pending }) => state === 'held' || pending !== null)),
    quarantined: all.flatMap(({ toolName, state, reason }) =>
      state === 'quarantined' ? [{ toolName, reason: reason ?? '' }] : [],
    ),
    leftOut: rows.leftOut,
  };
}

function namesOf(tools: readonly SourceTool[]): string[] {
  return tools.map(({ toolName }) => toolName);
}
