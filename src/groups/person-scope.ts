import type { CallerScope, UserCaller } from '../access/caller.js';
import type { BoundTool } from '../tools/pipe/bound-tool.js';
import type { Catalog } from './catalog.js';

/**
 * Whose rows a person may see through a tool, by the roles that let them in; null: the tool is not for them.
 *
 * Each role gives what it gives, and the widest counts: a customer only tools that keep to the person's own rows, an auditor
 * only tools that declare to read, the others all. Roles that group and tool do not name give nothing.
 */
export function scopeOfPerson(catalog: Catalog, tool: BoundTool, caller: UserCaller): CallerScope | null {
  const scopes = caller.roles
    .filter((role) => catalog.allowedRoles.includes(role))
    .filter((role) => tool.allowedRoles.length === 0 || tool.allowedRoles.includes(role))
    .map((role) => scopeOfRole(role, tool));
  if (scopes.includes('tenant')) return 'tenant';
  return scopes.includes('own') ? 'own' : null;
}

function scopeOfRole(role: string, { definition }: BoundTool): CallerScope | null {
  if (role === 'customer') return definition.scope === 'own' ? 'own' : null;
  if (role === 'auditor') return definition.annotations?.readOnlyHint === true ? 'tenant' : null;
  return 'tenant';
}

/** What administrators are told of a group that lets people in beside its keys. */
export function warningsOf({ allowedRoles }: Pick<Catalog, 'allowedRoles'>): string[] {
  if (allowedRoles.length === 0) return [];
  const warnings = [
    `People come in beside the keys: everybody of the tenant with one of the roles ${allowedRoles.join(', ')}`,
  ];
  if (allowedRoles.includes('customer')) {
    warnings.push('Customers come in: they are served only tools that keep to the own rows of whoever calls');
  }
  return warnings;
}
