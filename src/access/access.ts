import { applyDecorators, createParamDecorator, type ExecutionContext } from '@nestjs/common';
import { type ReflectableDecorator, Reflector } from '@nestjs/core';
import { ApiExtension } from '@nestjs/swagger';
import type { Request } from 'express';
import type { UserCaller } from './caller.js';
import { isAllowed, type Permission, PERMISSIONS, roleAllows } from './permissions.js';

export type AccessRule = 'public' | 'signed_in' | { readonly permission: Permission };

/** Who may use a route. Every route says it with one of the three below; one that does not is refused to all. */
export const Access = Reflector.createDecorator<AccessRule>();

/** Anyone, without a token. */
export const Public = () => declared('public', 'public');

/**
 * Anyone who signed in, whatever the role, and no personal access token, whatever its scopes: for the sign-in itself. What else
 * belongs to the person asks for `own.read` or `own.write`.
 */
export const SignedIn = () => declared('signed_in', 'signed_in');

/** Whoever has the permission: see `permissions.ts`. A personal access token needs it among its scopes. */
export const Requires = (permission: Permission) => declared({ permission }, permission);

const InPersonRule = Reflector.createDecorator<true>();

/** Beside {@link Requires}: not with a personal access token, whatever its scopes. For what gives or takes people's access. */
export const InPerson = () => applyDecorators(InPersonRule(true), ApiExtension('x-in-person', true));

const WithoutSecondFactorRule = Reflector.createDecorator<true>();

/** Also for those who have no second factor yet though their tenant asks for one: the way to it, and the way out. */
export const WithoutSecondFactor = () =>
  applyDecorators(WithoutSecondFactorRule(true), ApiExtension('x-without-second-factor', true));

/** Whether a route's answer may hold a secret: see {@link ShowsSecret}. */
export const SecretShown = Reflector.createDecorator<true>();

/**
 * For a route whose answer may hold a secret: a key, a token, a code. It takes no `Idempotency-Key`, so that every showing is
 * an act of its own, and the service puts each on record.
 */
export const ShowsSecret = () => applyDecorators(SecretShown(true), ApiExtension('x-shows-secret', true));

/** What a route asks of its caller. */
export type AccessDemand = {
  readonly rule: AccessRule | undefined;
  readonly isInPerson: boolean;
  readonly isWithoutSecondFactor: boolean;
};

/** Reads what a route or its controller declares. */
export function demandOf(reflector: Reflector, context: ExecutionContext): AccessDemand {
  const of = <T>(decorator: ReflectableDecorator<T>) =>
    reflector.getAllAndOverride(decorator, [context.getHandler(), context.getClass()]);
  return {
    rule: of(Access),
    isInPerson: of(InPersonRule) ?? false,
    isWithoutSecondFactor: of(WithoutSecondFactorRule) ?? false,
  };
}

/** Decides whether a caller gets what a route demands; the one place. @returns Why not, or null. */
export function refusalOf(caller: UserCaller, demand: AccessDemand): string | null {
  const { rule } = demand;
  if (rule === 'public') return null;
  if (rule === undefined) return 'This route declares no permission, so nobody may use it';
  if (caller.scopes && (demand.isInPerson || rule === 'signed_in')) return NOT_IN_PERSON;
  if (caller.secondFactorMissing && (caller.scopes || !demand.isWithoutSecondFactor))
    return SECOND_FACTOR_MISSING;
  if (rule === 'signed_in' || isAllowed(caller, rule.permission)) return null;
  const roles = PERMISSIONS[rule.permission].join(', ');
  if (roleAllows(caller, rule.permission))
    return `This needs the permission ${rule.permission}, which is not among the scopes of this token`;
  return `This needs the permission ${rule.permission}, which these roles have: ${roles}`;
}

const NOT_IN_PERSON = 'A personal access token does not open this; sign in yourself';

/** For whoever has none though their tenant asks for one. */
export const SECOND_FACTOR_MISSING =
  'Your tenant asks for a second factor; set one up first, with POST /api/v1/auth/second-factor';

/** Also told in the OpenAPI document, as `x-permission`. */
function declared(rule: AccessRule, told: string) {
  return applyDecorators(Access(rule), ApiExtension('x-permission', told));
}

/** The verified user of the request. */
export const CurrentCaller = createParamDecorator((_data: unknown, context: ExecutionContext): UserCaller => {
  return context.switchToHttp().getRequest<Request>().user as UserCaller;
});
