/**
 * `connecting`: nothing is known of it yet. `ready`: its definitions were read. `degraded`: it fails of late, and its tools stay listed.
 * `needs_sign_in`: it wants credentials that it was not given. `off`: somebody turned it off. `failed`: it never worked, or fails
 * again and again.
 */
export const UPSTREAM_STATES = ['connecting', 'ready', 'degraded', 'needs_sign_in', 'off', 'failed'] as const;
export type UpstreamState = (typeof UPSTREAM_STATES)[number];

/** What status, catalog and routing go by: one row of one table. */
export type UpstreamStanding = {
  readonly state: UpstreamState;
  readonly reason: string | null;
  readonly failures: number;
  readonly nextTryAt: Date | null;
};

export type UpstreamEvent =
  | { readonly kind: 'changed' }
  | { readonly kind: 'disabled' }
  | { readonly kind: 'read' }
  | { readonly kind: 'failed'; readonly reason: string }
  | { readonly kind: 'sign_in_needed'; readonly reason: string };

const FAILURES_TO_FAIL = 5;
const FIRST_WAIT_MS = 1000;
const WAIT_MAX_MS = 300_000;

/** How long an upstream is left alone after so many failures in a row. */
export function waitAfter(failures: number): number {
  return Math.min(FIRST_WAIT_MS * 2 ** Math.min(failures - 1, 20), WAIT_MAX_MS);
}

/**
 * Says how an upstream stands after something happened.
 *
 * @param hasTools Whether its definitions were ever read.
 */
export function standingAfter(
  before: UpstreamStanding,
  event: UpstreamEvent,
  { now, hasTools }: { readonly now: Date; readonly hasTools: boolean },
): UpstreamStanding {
  const settled = { reason: null, failures: 0, nextTryAt: null };
  if (event.kind === 'disabled') return { state: 'off', ...settled };
  if (event.kind === 'changed') return { state: 'connecting', ...settled };
  if (before.state === 'off') return before; // of a connection that was open when it was turned off
  if (event.kind === 'read') return { state: 'ready', ...settled };
  if (event.kind === 'sign_in_needed')
    return { state: 'needs_sign_in', reason: event.reason, failures: before.failures + 1, nextTryAt: null };
  const failures = before.failures + 1;
  const state = hasTools && failures < FAILURES_TO_FAIL ? 'degraded' : 'failed';
  return { state, reason: event.reason, failures, nextTryAt: new Date(now.getTime() + waitAfter(failures)) };
}
