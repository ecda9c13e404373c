import { randomBytes } from 'node:crypto';
import type { User } from '../../access/user.entity.js';
import { newId } from '../../platform/new-id.js';
import type { NewPersonDto, UserDto } from './users.dto.js';

const USERNAME_STEM_MAX = 40;

/** A person as the service finds them. */
export type UserSummary = { readonly user: User; readonly hasSecondFactor: boolean };

/** What the REST API shows of a person: each field by name, so that a new column is not shown by accident. */
export function toUserDto({ user, hasSecondFactor }: UserSummary): UserDto {
  return {
    id: user.id,
    username: user.username,
    email: user.email,
    display_name: user.displayName,
    phone: user.phone,
    roles: user.roles,
    tier: user.tier,
    enabled: user.enabled,
    has_password: user.passwordHash !== null,
    has_second_factor: hasSecondFactor,
    version: user.version,
    created_at: user.createdAt.toISOString(),
    updated_at: user.updatedAt.toISOString(),
  };
}

/** What the audit shows of a person. */
export function auditedFields(user: User) {
  return {
    email: user.email,
    username: user.username,
    display_name: user.displayName,
    phone: user.phone,
    roles: user.roles,
    tier: user.tier,
    enabled: user.enabled,
  };
}

/** The columns of somebody new that do not depend on how they came. */
export function newPerson(tenantId: string, input: NewPersonDto) {
  const { email, username = newUsername(email), display_name: displayName, phone = null } = input;
  return { id: newId(), tenantId, username, email, displayName, phone };
}

/** For people who did not choose one: from the address, with enough chance to be free. */
export function newUsername(email: string): string {
  const stem = email
    .split('@')[0]
    .toLowerCase()
    .replace(/[^a-z0-9._-]/g, '')
    .replace(/^[._-]+/, '');
  return `${stem.slice(0, USERNAME_STEM_MAX) || 'user'}-${randomBytes(4).toString('hex')}`;
}
