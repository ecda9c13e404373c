import type { GroupKeyCaller, UserCaller } from '../access/caller.js';

/** Who may come over MCP: an application with a group's key, or a person with an access token. */
export type ConnectedCaller = GroupKeyCaller | UserCaller;

/**
 * Whose share it counts to when a caller holds something open that a replica has only so much of: its tenant's, and of that
 * its key's or its person's. See `platform/largest-share.ts`.
 */
export function shareOf(caller: ConnectedCaller): readonly [tenant: string, holder: string] {
  return [caller.tenantId, caller.kind === 'group_key' ? caller.keyId : `user ${caller.userId}`];
}

/** What sessions and connections are bound to: another credential, also of the same person, does not reach them. */
export function credentialOf(caller: ConnectedCaller): string {
  return caller.kind === 'group_key' ? caller.keyId : `user ${caller.userId} ${caller.sessionId ?? ''}`;
}
