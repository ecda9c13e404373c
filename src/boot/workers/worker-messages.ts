import { z } from 'zod';

/** What a worker tells the process that forked it. */
export const fromWorker = z.discriminatedUnion('kind', [
  /** It can be reached by its siblings at this address, and does not listen to clients yet. */
  z.object({ kind: z.literal('reachable'), path: z.string() }),
  z.object({ kind: z.literal('serving') }),
]);
export type FromWorker = z.output<typeof fromWorker>;

/** What a worker is told. */
export const toWorker = z.discriminatedUnion('kind', [
  /** Where the workers that live can be reached, by number. */
  z.object({ kind: z.literal('siblings'), paths: z.record(z.string(), z.string()) }),
  z.object({ kind: z.literal('stop') }),
]);
export type ToWorker = z.output<typeof toWorker>;
