import { Injectable } from '@nestjs/common';
import type { Caller } from '../../access/caller.js';
import { Config } from '../../platform/config.js';
import { ToolDirectory } from '../../sources/tool-directory.js';
import { ToolRegistry } from '../../tools/tool-registry.js';
import { toGroupToolDto, toToolCategories } from '../group-views.js';
import type { GroupTool } from './group-tool.entity.js';
import type { GroupToolDto, ToolCategoryDto } from './group-tools.dto.js';

/** Shows the tools of groups, and those that groups can be given, with what their definitions say. */
@Injectable()
export class GroupToolViews {
  constructor(
    private readonly directory: ToolDirectory,
    private readonly registry: ToolRegistry,
    private readonly config: Config,
  ) {}

  async one(tool: GroupTool): Promise<GroupToolDto> {
    const [shown] = await this.many([tool]);
    return shown;
  }

  async many(tools: readonly GroupTool[]): Promise<GroupToolDto[]> {
    const resolved = await this.directory.resolveAll(tools);
    return tools.map((tool) => toGroupToolDto(tool, resolved.get(tool)!, this.config));
  }

  /** The tools of this build and those that the tenant's sources bring. */
  async categories({ tenantId }: Caller): Promise<ToolCategoryDto[]> {
    const all = [...this.registry.definitions(), ...(await this.directory.listSourceTools(tenantId))];
    return toToolCategories(all, (name) => this.registry.registeredAt(name), this.config);
  }
}
