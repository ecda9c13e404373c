import { Injectable } from '@nestjs/common';
import type { UserCaller } from '../access/caller.js';
import { isAllowed } from '../access/permissions.js';
import { ForbiddenError } from '../platform/errors.js';
import { Config } from '../platform/config.js';
import { connectSnippets, KEY_PLACEHOLDER } from './connect.js';
import { GroupKeysService } from './keys/group-keys.service.js';
import type { ConnectDto } from './groups.dto.js';
import { GroupsService } from './groups.service.js';
import { serverUrls } from './server-url.js';

/** What to paste into each client to use a group. */
@Injectable()
export class GroupConnectService {
  constructor(
    private readonly groups: GroupsService,
    private readonly keys: GroupKeysService,
    private readonly config: Config,
  ) {}

  /** With a placeholder for the key, so that it can be shown to anyone who may see the group. */
  async get(caller: UserCaller, groupId: string): Promise<ConnectDto> {
    return this.build(caller, groupId, KEY_PLACEHOLDER);
  }

  /** @throws {ForbiddenError} Auditors may see the group, not its key. */
  async getWithKey(caller: UserCaller, groupId: string): Promise<ConnectDto> {
    if (!isAllowed(caller, 'keys.reveal'))
      throw new ForbiddenError('Only owners and admins may see the key; leave include_key out');
    const { key } = await this.keys.get(caller, groupId);
    return this.build(caller, groupId, key);
  }

  private async build(caller: UserCaller, groupId: string, key: string): Promise<ConnectDto> {
    const { group } = await this.groups.get(caller, groupId);
    const { url } = serverUrls(this.config.publicUrl, group.serverCode);
    return { server_url: url, snippets: connectSnippets({ url, key, name: group.name }) };
  }
}
