import type { GroupKeyCaller, UserCaller } from '../access/caller.js';

/** Who may come over MCP: an application with a group's key, or a person with an access token. */
export type ConnectedCaller = GroupKeyCaller | UserCaller;

/** What sessions and connections are bound to: another credential, also of the same person, does not reach them. */
export function credentialOf(caller: ConnectedCaller): string {
  return caller.kind === 'group_key' ? caller.keyId : `user ${caller.userId} ${caller.sessionId ?? ''}`;
}
