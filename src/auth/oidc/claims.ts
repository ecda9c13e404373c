import type { OidcProvider } from './oidc-provider.entity.js';
import { toAddress } from '../../platform/identity-text.js';
import { cutText } from '../../platform/cut-text.js';

export type Claims = { readonly [name: string]: unknown };

/** What a provider says of a person, in our words. */
export type Person = {
  readonly email: string | null;
  readonly displayName: string | null;
  /** Null: this provider does not decide about roles. */
  readonly roles: readonly string[] | null;
  /** Null: not decided there, or a value that leads nowhere. */
  readonly tier: string | null;
};

/** Control characters and halves of characters: no column takes them. */
const UNSTORABLE = /[\p{Cc}\p{Cs}]/u;
const UNSTORABLE_RUNS = /[\p{Cc}\p{Cs}]+/gu;
const EMAIL = /^[^\s@]{1,64}@[^\s@]{1,189}$/;
const NAME_MAX = 100;
/** As the column; OpenID Connect Core promises 255 ASCII characters. */
const SUBJECT_MAX = 255;
const ISSUER_MAX = 500;

/** Reads the claims as the provider's mapping says. */
export function readClaims(claims: Claims, provider: OidcProvider): Person {
  const email = toAddress(textsOf(claims, provider.emailClaim)[0] ?? '');
  const name = cutText(
    textsOf(claims, provider.nameClaim)[0]?.replace(UNSTORABLE_RUNS, ' ').trim() ?? '',
    NAME_MAX,
  );
  const [tier] = mapped(textsOf(claims, provider.tierClaim), provider.tierMap);
  const roles = mapped(textsOf(claims, provider.rolesClaim), provider.roleMap);
  return {
    email: EMAIL.test(email) && !UNSTORABLE.test(email) ? email : null,
    displayName: name === '' ? null : name,
    roles: provider.rolesClaim === null ? null : [...new Set([...roles, ...provider.defaultRoles])],
    tier: tier ?? null,
  };
}

/** Whether the provider itself says that the address was not proven. */
export function isUnverified(claims: Claims): boolean {
  return claims['email_verified'] === false || claims['email_verified'] === 'false';
}

/** Whether a person can be known here by these: cut or mended, they could be somebody else's. */
export function canBeKept({ iss, sub }: { readonly iss: string; readonly sub: string }): boolean {
  return sub.length <= SUBJECT_MAX && iss.length <= ISSUER_MAX && !UNSTORABLE.test(sub + iss);
}

/** Whether the claims have all by which the provider decides about roles and tier. */
export function decidesAlone(claims: Claims, { rolesClaim, tierClaim }: OidcProvider): boolean {
  return [rolesClaim, tierClaim].every((name) => name === null || claimOf(claims, name) !== undefined);
}

function textsOf(claims: Claims, name: string | null): string[] {
  if (name === null) return [];
  const value = claimOf(claims, name);
  return (Array.isArray(value) ? value : [value]).filter((item): item is string => typeof item === 'string');
}

/** By its whole name, or as a path: Keycloak has its roles in `realm_access.roles`. */
function claimOf(claims: Claims, name: string): unknown {
  return Object.hasOwn(claims, name) ? claims[name] : valueAt(claims, name.split('.'));
}

function valueAt(claims: Claims, path: readonly string[]): unknown {
  let value: unknown = claims;
  for (const step of path) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, step)) return undefined;
    value = (value as Claims)[step];
  }
  return value;
}

function mapped(values: readonly string[], map: Readonly<Record<string, string>>): string[] {
  return values.filter((value) => Object.hasOwn(map, value)).map((value) => map[value]);
}
