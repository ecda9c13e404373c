import { AsyncLocalStorage } from 'node:async_hooks';
import type { IncomingMessage } from 'node:http';
import type { ChangeEffect } from './replicas/acknowledgements.js';
import type { Ending } from './ending.js';
import { newId } from './new-id.js';

/**
 * What holds for one unit of work: a REST request, one tool call, one step of a job. It follows the work through every
 * `await`, so that the database layer and the log know it without being told.
 */
export type RequestScope = {
  /** Names the work in answers (`X-Request-Id`), log lines and audit rows. */
  readonly requestId: string;
  /**
   * Whose rows the database shows: the row-level security policies compare with it (see `database.ts`). Null: nobody's.
   * Set by a guard once the caller is known, never from what a request claims.
   */
  tenantId: string | null;
  /** Of the tenant's rows about people the database shows only this person's; absent: everybody's. */
  readonly personId?: string;
  readonly ip: string | null;
  readonly userAgent: string | null;
  /** Of a request with an `Idempotency-Key`: see `committed.ts`. */
  attempt?: { readonly id: string; readonly tenantId: string };
  /** When nobody waits for the work any more, its statements are cancelled (see `tenant-pool.ts`). */
  readonly ending?: Ending;
  /** How the change that was made in it came into force; the answer tells it. */
  effect?: { readonly epoch: number | null } & ChangeEffect;
};

const REQUEST_ID = /^[\w.:-]{1,64}$/;

/** The caller's own id of the request (`X-Request-Id`) when it looks like one, so that traces join up; else a new one. */
export function requestIdOf(request: IncomingMessage): string {
  const asked = request.headers['x-request-id'];
  return typeof asked === 'string' && REQUEST_ID.test(asked) ? asked : newId();
}

const storage = new AsyncLocalStorage<RequestScope>();

/** Undefined outside any unit of work, for instance in a timer of our own. */
export function currentScope(): RequestScope | undefined {
  return storage.getStore();
}

export function runInScope<T>(scope: RequestScope, work: () => T): T {
  return storage.run(scope, work);
}

/**
 * Does a unit of work for one tenant: inside, the database shows that tenant's rows and nobody else's. A transaction keeps
 * the tenant it began with. Verify first that the caller belongs to the tenant; this function asks nobody.
 *
 * @param ending Ends the statements of the work that are running, and refuses new ones.
 */
export function inTenant<T>(tenantId: string, work: () => T, ending?: Ending): T {
  const outer = storage.getStore();
  const { requestId = '', ip = null, userAgent = null, attempt } = outer ?? {};
  // Work within a person's work stays that person's: nothing a tool calls widens what it sees.
  const personId = outer?.tenantId === tenantId ? outer.personId : undefined;
  return storage.run({ requestId, ip, userAgent, tenantId, personId, attempt, ending }, work);
}

/**
 * Narrows the running unit of work: of what is about people, the database shows the rows of this one and takes no others
 * (policy `own_rows`, see `ownByPerson` in `migrations/person-owned.ts`).
 *
 * @throws {Error} Outside of a tenant's unit of work.
 */
export function seeingOnly<T>(personId: string, work: () => T): T {
  const scope = storage.getStore();
  if (!scope?.tenantId) throw new Error('Whose rows are seen can be narrowed inside inTenant(…) only');
  return storage.run({ ...scope, personId }, work);
}
