import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { newId } from '../platform/new-id.js';
import { ChangeBus } from '../platform/replicas/change-bus.js';
import { ToolRegistry } from '../tools/tool-registry.js';
import { GroupTool } from './group-tools/group-tool.entity.js';
import { ToolGroup } from './group.entity.js';
import { GroupKeysService } from './keys/group-keys.service.js';

const SAMPLE_GROUP = {
  name: 'Sample',
  serverCode: 'sample',
  description: 'All tools of the sample business system, to try things out',
};

/** Holds a secret: the key. */
export type MadeGroup = {
  readonly id: string;
  readonly name: string;
  readonly serverCode: string;
  readonly key: string;
};

/** Makes a group of all tools, to try them out. */
@Injectable()
export class SampleGroupMaker {
  constructor(
    private readonly registry: ToolRegistry,
    private readonly keys: GroupKeysService,
    private readonly changeBus: ChangeBus,
  ) {}

  /** @param manager Of the transaction that makes the tenant's other first rows. */
  async insert(manager: EntityManager, tenantId: string): Promise<MadeGroup> {
    const group = { id: newId(), tenantId, ...SAMPLE_GROUP };
    await manager.insert(ToolGroup, group);
    const tools = this.registry.definitions().map(({ name, source, version }) => ({
      id: newId(),
      tenantId,
      groupId: group.id,
      toolName: name,
      source,
      version,
    }));
    await manager.insert(GroupTool, tools);
    const { key } = await this.keys.create(manager, group);
    await this.changeBus.publish(manager, { kind: 'group', id: group.id });
    return { id: group.id, name: group.name, serverCode: group.serverCode, key };
  }
}
