import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import type { Request } from 'express';
import type { UserCaller } from './caller.js';

/** Roles that may change things. */
export const ADMIN_ROLES: readonly string[] = ['owner', 'admin'];
/** Roles that may look at what is there, secrets aside. */
export const READER_ROLES: readonly string[] = [...ADMIN_ROLES, 'auditor'];

export type AccessRule = 'public' | 'signed_in' | readonly string[];

/** Who may use a route. A route without it is for admins only: see AccessGuard. */
export const Access = Reflector.createDecorator<AccessRule>();

/** Anyone, without a token. */
export const Public = () => Access('public');

/** Anyone who is signed in, whatever the role. */
export const SignedIn = () => Access('signed_in');

/** Admins, and auditors: for routes that show and do not change. */
export const ForReaders = () => Access(READER_ROLES);

/** The verified user of the request. */
export const CurrentCaller = createParamDecorator((_data: unknown, context: ExecutionContext): UserCaller => {
  return context.switchToHttp().getRequest<Request>().user as UserCaller;
});

export function isAdmin(caller: UserCaller): boolean {
  return caller.roles.some((role) => ADMIN_ROLES.includes(role));
}
