import { useSyncExternalStore } from 'react';
import type { components } from '../../../generated/api';
import { language } from '../words/use-words';
import { BASE } from './base';
import { ApiFailure, failureOf } from './failure';

export type Profile = components['schemas']['ProfileDto'];
export type Permission = Profile['permissions'][number];
type SignedIn = components['schemas']['BrowserSignedInDto'];
type MfaRequired = components['schemas']['MfaRequiredDto'];
type Renewed = components['schemas']['BrowserTokensDto'];

/** A token that ends sooner is renewed before it is used. */
const RENEW_BEFORE_MS = 30_000;

export type Session =
  | { readonly state: 'unknown' }
  | { readonly state: 'out'; readonly ended: boolean }
  | { readonly state: 'in'; readonly user: Profile };

/** Who is signed in here. The access token is in this memory and nowhere else; what renews it is in a cookie that no script reads. */
let session: Session = { state: 'unknown' };
let token: { readonly text: string; readonly untilMs: number } | null = null;
let renewing: Promise<boolean> | null = null;
const listeners = new Set<() => void>();

function become(next: Session): void {
  session = next;
  for (const listener of listeners) listener();
}

export function useSession(): Session {
  return useSyncExternalStore(
    (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    () => session,
  );
}

/** Whoever is signed in: for what only they see. */
export function useProfile(): Profile {
  const known = useSession();
  if (known.state !== 'in') throw new Error('Nobody is signed in');
  return known.user;
}

export function useMay(): (permission: Permission) => boolean {
  const { permissions } = useProfile();
  return (permission) => permissions.includes(permission);
}

export async function signIn(body: components['schemas']['SignInDto']): Promise<MfaRequired | null> {
  const begun = await post<SignedIn | MfaRequired>('login', body);
  if ('mfa_required' in begun) return begun;
  enter(begun);
  return null;
}

export async function finishSignIn(body: components['schemas']['FinishSignInDto']): Promise<void> {
  enter(await post<SignedIn>('login/totp', body));
}

export async function signOut(): Promise<void> {
  await post('logout', {}).catch(() => undefined);
  token = null;
  become({ state: 'out', ended: false });
}

/** Finds out whether the cookie still signs somebody in. */
export async function resumeSession(): Promise<void> {
  if (!(await renew())) return become({ state: 'out', ended: false });
  await readProfile();
}

/** Reads anew who this is: their roles may have changed. */
export async function readProfile(): Promise<void> {
  const response = await fetch(`${BASE}/api/v1/auth/me`, { headers: await authorization() });
  const body = (await response.json()) as { data: Profile };
  if (!response.ok) throw failureOf(response, body);
  become({ state: 'in', user: body.data });
}

export async function accessToken(): Promise<string> {
  if (token && token.untilMs - Date.now() > RENEW_BEFORE_MS) return token.text;
  if (!(await renew()) || !token) {
    if (session.state === 'in') become({ state: 'out', ended: true });
    throw new ApiFailure(401, 'This sign-in has ended', 'unauthenticated', [], null);
  }
  return token.text;
}

/** The service refused the token: its sign-in was ended, or its rights changed. @returns Whether there is a new one. */
export async function renewRefused(): Promise<boolean> {
  token = null;
  if (await renew()) return true;
  if (session.state === 'in') become({ state: 'out', ended: true });
  return false;
}

async function authorization(): Promise<Record<string, string>> {
  return { authorization: `Bearer ${await accessToken()}` };
}

function enter(signedIn: SignedIn): void {
  keep(signedIn);
  become({ state: 'in', user: signedIn.user });
}

function keep({ access_token: text, expires_in: seconds }: Renewed): void {
  token = { text, untilMs: Date.now() + seconds * 1000 };
}

/** One after the other over all tabs, where the browser can: each renewal replaces the cookie. */
function renew(): Promise<boolean> {
  renewing ??= renewAlone().finally(() => (renewing = null));
  return renewing;
}

function renewAlone(): Promise<boolean> {
  return 'locks' in navigator ? navigator.locks.request('toolcrib.renew', askRenewal) : askRenewal();
}

async function askRenewal(): Promise<boolean> {
  try {
    keep(await post<Renewed>('refresh', {}));
    return true;
  } catch (failure) {
    if (failure instanceof ApiFailure && failure.status < 500) return false;
    throw failure;
  }
}

async function post<T>(path: string, body: unknown): Promise<T> {
  const response = await fetch(`${BASE}/api/v1/auth/browser/${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'accept-language': language() },
    body: JSON.stringify(body),
  });
  const answer: unknown = await response.json().catch(() => null);
  if (!response.ok) throw failureOf(response, answer);
  return (answer as { data: T }).data;
}
