import type { Pinned } from './pinned-definition.js';
import type { SourceTool } from './source-tool.entity.js';

/** `take`: what a source says is served at once. `hold`: what is new or changed waits for somebody's approval. */
export const SOURCE_POLICIES = ['take', 'hold'] as const;
export type SourcePolicy = (typeof SOURCE_POLICIES)[number];

type Columns = Pick<SourceTool, 'definition' | 'digest' | 'state' | 'reason' | 'pending' | 'pendingDigest'>;

/** What a source was found to say of one tool. `fault`: why it must not be served so. */
export type FoundState = Pick<Pinned, 'definition' | 'digest'> & { readonly fault: string | null };

const NOT_OFFERED = 'its source does not offer it any more';
const NOTHING_WAITS = { pending: null, pendingDigest: null, reason: null } as const;

/** Decides what becomes of a tool that is offered for the first time. */
export function decideNew({ definition, digest, fault }: FoundState, policy: SourcePolicy): Columns {
  const state = fault !== null ? 'quarantined' : policy === 'hold' ? 'held' : 'active';
  return { definition, digest, state, pending: null, pendingDigest: null, reason: fault };
}

/**
 * Decides what becomes of a tool that is offered again. What was approved stays in force as it was approved: a change that waits, or that
 * was rejected, changes nothing for agents.
 */
export function decideKnown(tool: SourceTool, found: FoundState, policy: SourcePolicy): Partial<Columns> {
  return found.digest === tool.digest ? decideSame(tool, found, policy) : decideChanged(tool, found, policy);
}

/** Decides what becomes of a tool that its source left out. One that was never approved keeps waiting. */
export function decideMissing({ state }: SourceTool): Partial<Columns> {
  return state === 'active' ? { ...NOTHING_WAITS, state: 'gone', reason: NOT_OFFERED } : {};
}

function decideSame(tool: SourceTool, { fault }: FoundState, policy: SourcePolicy): Partial<Columns> {
  if (fault !== null) return { state: 'quarantined', reason: fault, pending: null };
  if (tool.state === 'gone') return { ...NOTHING_WAITS, state: 'active' };
  if (tool.state === 'active') return tool.pending === null ? {} : NOTHING_WAITS;
  if (isRejected(tool, tool.digest)) return {};
  return { state: policy === 'hold' ? 'held' : 'active', reason: null };
}

function decideChanged(tool: SourceTool, found: FoundState, policy: SourcePolicy): Partial<Columns> {
  const { definition, digest, fault } = found;
  const isServed = tool.state === 'active' || tool.state === 'gone';
  if (isServed && isRejected(tool, digest)) return { state: 'active', reason: null };
  if (policy === 'take' || !isServed) return decideNew(found, policy);
  const reason = fault === null ? null : `the changed definition cannot be served: ${fault}`;
  return { state: 'active', pending: definition, pendingDigest: digest, reason };
}

/** Somebody said no to exactly this definition. */
export function isRejected({ pending, pendingDigest }: SourceTool, digest: string): boolean {
  return pending === null && pendingDigest === digest;
}
