import { applyDecorators, createParamDecorator, type ExecutionContext } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import { ApiExtension } from '@nestjs/swagger';
import type { Request } from 'express';
import type { UserCaller } from './caller.js';
import type { Permission } from './permissions.js';

export type AccessRule = 'public' | 'signed_in' | { readonly permission: Permission };

/** Who may use a route. Every route says it with one of the three below; one that does not is refused to all. */
export const Access = Reflector.createDecorator<AccessRule>();

/** Anyone, without a token. */
export const Public = () => declared('public', 'public');

/** Anyone who is signed in, whatever the role: for what belongs to the person. */
export const SignedIn = () => declared('signed_in', 'signed_in');

/** Whoever has the permission: see `permissions.ts`. */
export const Requires = (permission: Permission) => declared({ permission }, permission);

/** Only for someone who signed in, not for a personal access token, whatever its scopes: for passwords, tokens, factors. */
export const InPerson = Reflector.createDecorator<true>();

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
