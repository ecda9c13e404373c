import { Injectable } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { DataSource, type EntityManager, In } from 'typeorm';
import type { ToolDefinition } from '../tools/tool-definition.js';
import { ToolRegistry } from '../tools/tool-registry.js';
import { SourceTool } from './source-tool.entity.js';
import { SourceToolMaker } from './source-tool-maker.js';

/** A tool that a group can be given. `sourceToolId` is null for a tool of this build. */
export type OfferedTool = { readonly definition: ToolDefinition; readonly sourceToolId: string | null };
/** A tool, or why it cannot be served. */
export type Resolved =
  | { readonly definition: ToolDefinition; readonly reason: null }
  | { readonly definition: null; readonly reason: string };
/** What a group's row says of its tool. */
export type ToolLink = { readonly toolName: string; readonly sourceToolId: string | null };

/** Finds tools wherever they come from: those of this build first, then those that the tenant's sources bring. */
@Injectable()
export class ToolDirectory {
  constructor(
    @InjectDataSource() private readonly dataSource: DataSource,
    private readonly registry: ToolRegistry,
    private readonly maker: SourceToolMaker,
  ) {}

  /** By the name that groups call it; of the tenant's sources only what is active. */
  async find(
    tenantId: string,
    name: string,
    manager: EntityManager = this.dataSource.manager,
  ): Promise<OfferedTool | undefined> {
    return (await this.findAll(tenantId, [name], manager)).get(name);
  }

  /** Several of them, in one query. */
  async findAll(
    tenantId: string,
    names: readonly string[],
    manager: EntityManager = this.dataSource.manager,
  ): Promise<ReadonlyMap<string, OfferedTool>> {
    const own = names.flatMap((name) => this.registry.find(name) ?? []);
    const wanted = names.filter((name) => !this.registry.find(name));
    const brought =
      wanted.length === 0
        ? []
        : await manager.findBy(SourceTool, { tenantId, toolName: In(wanted), state: 'active' });
    return new Map<string, OfferedTool>([
      ...own.map((definition) => [definition.name, { definition, sourceToolId: null }] as const),
      ...brought.map(
        (tool) => [tool.toolName, { definition: this.maker.make(tool), sourceToolId: tool.id }] as const,
      ),
    ]);
  }

  /** The tenant's own active tools, by name. */
  async listSourceTools(tenantId: string): Promise<ToolDefinition[]> {
    const tools = await this.dataSource
      .getRepository(SourceTool)
      .find({ where: { tenantId, state: 'active' }, order: { toolName: 'ASC' } });
    return tools.map((tool) => this.maker.make(tool));
  }

  /** Reads what the rows of groups refer to, in one query, and tells of each what it is. */
  async resolveAll<Link extends ToolLink>(
    links: readonly Link[],
    manager: EntityManager = this.dataSource.manager,
  ): Promise<Map<Link, Resolved>> {
    const ids = links.flatMap(({ sourceToolId }) => sourceToolId ?? []);
    const found = ids.length === 0 ? [] : await manager.findBy(SourceTool, { id: In(ids) });
    const byId = new Map(found.map((tool) => [tool.id, tool]));
    return new Map(links.map((link) => [link, this.resolve(link, byId.get(link.sourceToolId ?? ''))]));
  }

  /** As {@link resolveAll}, of one. */
  async resolveOne(link: ToolLink, manager?: EntityManager): Promise<Resolved> {
    return (await this.resolveAll([link], manager)).get(link)!;
  }

  /** @param sourceTool The row that `link` refers to, as it was read. */
  resolve(link: ToolLink, sourceTool: SourceTool | undefined): Resolved {
    if (link.sourceToolId === null) {
      const definition = this.registry.find(link.toolName);
      return definition
        ? { definition, reason: null }
        : { definition: null, reason: 'this build does not have it' };
    }
    if (!sourceTool) return { definition: null, reason: 'its source is gone' };
    const { state, reason } = sourceTool;
    if (state === 'active') return { definition: this.maker.make(sourceTool), reason: null };
    return { definition: null, reason: reason ?? STATES[state] };
  }
}

const STATES = {
  held: 'it is new and waits for approval',
  quarantined: 'it is in quarantine',
  gone: 'its source does not offer it any more',
} as const;
