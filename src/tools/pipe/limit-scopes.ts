import { type CallLimits, type LimitScope, limitScope } from '../../access/call-limits.js';
import type { BoundTool } from './bound-tool.js';
import type { ToolCall } from './tool-call.js';

/** The limits of a catalog's tools, keys and group are the same objects for as long as the catalog is. */
const made = new WeakMap<CallLimits, LimitScope>();

/** The limits that apply to a call, the narrowest first; empty for a group that sets none. */
export function limitScopes(call: ToolCall, tool: BoundTool): readonly LimitScope[] {
  const { caller, tenantId, groupId, policy } = call;
  const scopes: LimitScope[] = [];
  const add = (subject: LimitScope['subject'], owner: string, limits: CallLimits | undefined) => {
    if (!limits) return;
    let scope = made.get(limits);
    if (scope?.owner !== owner) made.set(limits, (scope = limitScope(subject, owner, tenantId, limits)));
    scopes.push(scope);
  };
  add('tool', tool.id, tool.policy.limits);
  if (caller.kind === 'group_key') add('key', caller.keyId, caller.limits);
  if (caller.kind === 'user' && policy.user_limits) {
    scopes.push(limitScope('user', `${groupId}:${caller.userId}`, tenantId, policy.user_limits)); // one object for all users
  }
  add('group', groupId, policy.limits);
  return scopes;
}
