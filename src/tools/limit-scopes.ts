import type { CallLimits, LimitScope } from '../limits/call-limits.js';
import type { BoundTool } from './bound-tool.js';
import type { ToolCall } from './tool-call.js';

/** The limits that apply to a call, the narrowest first; empty for a group that sets none. */
export function limitScopes(call: ToolCall, tool: BoundTool): LimitScope[] {
  const { caller, tenantId, groupId, policy } = call;
  const scopes: LimitScope[] = [];
  const add = (subject: LimitScope['subject'], id: string, limits: CallLimits | undefined) => {
    if (limits) scopes.push({ subject, id: `${subject}:${id}`, tenantId, limits });
  };
  add('tool', tool.id, tool.policy.limits);
  if (caller.kind === 'group_key') add('key', caller.keyId, caller.limits);
  if (caller.kind === 'user') add('user', `${groupId}:${caller.userId}`, policy.user_limits);
  add('group', groupId, policy.limits);
  return scopes;
}
