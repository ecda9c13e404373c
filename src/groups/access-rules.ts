import type { Caller, CallerScope } from '../access/caller.js';
import type { BoundTool } from '../tools/pipe/bound-tool.js';
import type { Catalog, ListedTool } from './catalog.js';
import { scopeOfPerson } from './person-scope.js';

/** Why a rule says no, and whether the caller may know of the group at all. */
export type Refusal = { readonly rule: string; readonly reason: string };

type GroupRule = {
  readonly name: string;
  /** @returns What is in the way, or null. */
  readonly check: (catalog: Catalog, caller: Caller) => string | null;
};
type ToolRule = {
  readonly name: string;
  readonly check: (tool: BoundTool | undefined, caller: Caller, catalog: Catalog) => string | null;
};

/**
 * Who may use a group, in the order they are asked. People come in by a role that the group names; one that names none is for
 * its keys only. An empty list of tiers is for all of these people.
 */
export const GROUP_RULES: readonly GroupRule[] = [
  {
    name: 'tenant',
    check: (catalog, caller) =>
      catalog.tenantId === caller.tenantId ? null : 'The group belongs to another tenant',
  },
  {
    name: 'key_of_group',
    check: (catalog, caller) =>
      caller.kind !== 'group_key' || caller.groupId === catalog.groupId
        ? null
        : `This key does not open the tool group '${catalog.serverCode}'`,
  },
  {
    name: 'group_enabled',
    check: ({ enabled, serverCode }) => (enabled ? null : `The tool group '${serverCode}' is disabled`),
  },
  {
    name: 'group_roles',
    check: ({ allowedRoles, serverCode }, caller) =>
      caller.kind !== 'user' || caller.roles.some((role) => allowedRoles.includes(role))
        ? null
        : `The tool group '${serverCode}' is ${allowedRoles.length === 0 ? 'for keys only, not for people' : 'for other roles than yours'}`,
  },
  {
    name: 'group_tiers',
    check: ({ userTierAccess, serverCode }, caller) =>
      caller.kind !== 'user' || isOneOf([caller.tier], userTierAccess)
        ? null
        : `The tool group '${serverCode}' is for other tiers than yours`,
  },
];

/** Who may use a tool of a group that lets them in. A tool that says no is to them as if it were not there. */
export const TOOL_RULES: readonly ToolRule[] = [
  {
    name: 'tool_in_group',
    check: (tool) => (tool ? null : 'The group has no such tool, or it is disabled'),
  },
  {
    name: 'tools_of_key',
    check: (tool, caller) =>
      caller.kind !== 'group_key' || !caller.tools || (tool && caller.tools.has(tool.definition.name))
        ? null
        : 'The key was given other tools of the group only',
  },
  {
    name: 'tool_roles',
    check: (tool, caller) =>
      caller.kind !== 'user' || (tool && isOneOf(caller.roles, tool.allowedRoles))
        ? null
        : 'The tool is for other roles',
  },
  {
    name: 'tool_tiers',
    check: (tool, caller) =>
      caller.kind !== 'user' || (tool && isOneOf([caller.tier], tool.userTierAccess))
        ? null
        : 'The tool is for other tiers',
  },
  {
    name: 'tool_scope',
    check: (tool, caller, catalog) =>
      caller.kind !== 'user' || (tool && scopeOfPerson(catalog, tool, caller) !== null)
        ? null
        : 'Customers are served only tools that keep to their own rows, auditors only tools that declare to read',
  },
];

/** The first rule that keeps the caller out of the group, or null. */
export function refusalOfGroup(catalog: Catalog, caller: Caller): Refusal | null {
  for (const { name, check } of GROUP_RULES) {
    const reason = check(catalog, caller);
    if (reason !== null) return { rule: name, reason };
  }
  return null;
}

/** The tool as this caller may call it; undefined: not there for this caller. Assumes that the group lets them in. */
export function toolFor(catalog: Catalog, caller: Caller, name: string): BoundTool | undefined {
  const tool = catalog.tools.get(name);
  return TOOL_RULES.every(({ check }) => check(tool, caller, catalog) === null) ? tool : undefined;
}

/** Whose rows the caller may see through a tool that {@link toolFor} gave them. */
export function scopeFor(catalog: Catalog, caller: Caller, tool: BoundTool | undefined): CallerScope {
  if (caller.kind !== 'user') return 'tenant';
  return (tool && scopeOfPerson(catalog, tool, caller)) ?? 'own';
}

/** What `tools/list` shows this caller: `catalog.listed` itself, where that is all of it. */
export function listFor(catalog: Catalog, caller: Caller): readonly ListedTool[] {
  const { listed } = catalog;
  if (caller.kind === 'group_key' && !caller.tools) return listed;
  const seen = listed.filter(({ name }) => toolFor(catalog, caller, name) !== undefined);
  return seen.length === listed.length ? listed : seen;
}

function isOneOf(held: readonly string[], wanted: readonly string[]): boolean {
  return wanted.length === 0 || held.some((one) => wanted.includes(one));
}
