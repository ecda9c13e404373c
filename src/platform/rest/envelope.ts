import type { ReplicaEffect } from '../replicas/acknowledgements.js';
import { currentScope } from '../request-scope.js';

/** What every REST route answers with: `{ success, data, message }`. */
export type Envelope<T> = { readonly success: true; readonly data: T; readonly message: string };

/** The answer to an admin's change: with `effective_immediately` the next call on any replica is ruled by it. */
export type ChangeEnvelope<T> = Envelope<T> & {
  readonly effective_immediately: boolean;
  /** Of the changed group: grows with each of its changes. */
  readonly epoch: number | null;
  readonly replicas: readonly ReplicaEffect[];
};

/** One page of a list. `next_cursor` is opaque and null on the last page. */
export type PageInfo = { readonly limit: number; readonly next_cursor: string | null };
export type PageEnvelope<T> = {
  readonly success: true;
  readonly data: readonly T[];
  readonly message: string;
  readonly page: PageInfo;
};

export type ErrorEnvelope = {
  readonly success: false;
  readonly message: string;
  readonly error: { readonly code: string; readonly details?: unknown };
};

export function ok<T>(data: T, message = 'OK'): Envelope<T> {
  return { success: true, data, message };
}

/** How the change came into force is taken from the request scope, where `ChangeBus.commit`'s caller noted it. */
export function changed<T>(data: T, message = 'Changed'): ChangeEnvelope<T> {
  const { epoch = null, effectiveImmediately = true, replicas = [] } = currentScope()?.effect ?? {};
  const told = effectiveImmediately ? message : `${message}. ${explainDelay(replicas)}`;
  return { ...ok(data, told), effective_immediately: effectiveImmediately, epoch, replicas };
}

function explainDelay(replicas: readonly ReplicaEffect[]): string {
  const silent = replicas.filter(({ ms }) => ms === null).map(({ name }) => name);
  const who =
    silent.length === 0
      ? 'Which replicas have taken it over is not known'
      : `These have not confirmed that they have taken it over: ${silent.join(', ')}`;
  return (
    `It is stored, but may not be in force everywhere yet. ${who}. A replica that cannot reach the ` +
    'database stops serving by itself when its lease (REPLICA_LEASE_MS) ends'
  );
}

export function pageOf<T>(page: Page<T>): PageEnvelope<T> {
  return { ...ok(page.items), page: { limit: page.limit, next_cursor: page.nextCursor } };
}

/** What a service's `list…` method returns. */
export type Page<T> = {
  readonly items: readonly T[];
  readonly limit: number;
  readonly nextCursor: string | null;
};
