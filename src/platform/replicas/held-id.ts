import cluster from 'node:cluster';
import { randomUUID } from 'node:crypto';

/**
 * Makes the id of something that this process holds in memory for a client (a session, a stream). Among `WORKERS` behind one port
 * it says which of them does, so that a request that another one gets finds its way.
 */
export function newHeldId(): string {
  return cluster.worker ? `${cluster.worker.id}.${randomUUID()}` : randomUUID();
}

/** Number of the worker that holds it; undefined: there is one process only, or the id is none of ours. */
export function holderOf(id: string): number | undefined {
  const [, worker] = /^(\d{1,9})\.[\da-f-]{36}$/.exec(id) ?? [];
  return worker === undefined ? undefined : Number(worker);
}
