import type { PlanLine } from './plan-case.js';

/** What became of one service from a revision to the next. */
export type PlanChange = {
  readonly service: string;
  readonly kind: 'added' | 'removed' | 'changed';
  readonly before: LineInShort | null;
  readonly after: LineInShort | null;
  readonly reasons: readonly string[];
};
export type LineInShort = {
  readonly sessions: readonly string[];
  readonly price_max_cents: number;
};

/**
 * Lists what differs between two revisions, service by service.
 *
 * @param reasonsOf What is known of why, by the code of the service.
 */
export function changesBetween(
  before: readonly PlanLine[],
  after: readonly PlanLine[],
  reasonsOf: (code: string, kind: PlanChange['kind']) => readonly string[],
): PlanChange[] {
  const ids = new Set([...before, ...after].map(({ service }) => service.id));
  return [...ids].flatMap((id): PlanChange[] => {
    const [old, now] = [before, after].map((lines) => lines.find(({ service }) => service.id === id));
    const [was, is] = [inShort(old), inShort(now)];
    if (JSON.stringify(was) === JSON.stringify(is)) return [];
    const service = (now ?? old)!.service.code;
    const kind = was === null ? 'added' : is === null ? 'removed' : 'changed';
    return [{ service, kind, before: was, after: is, reasons: reasonsOf(service, kind) }];
  });
}

function inShort(line: PlanLine | undefined): LineInShort | null {
  return line ? { sessions: line.sessions, price_max_cents: line.price_max_cents } : null;
}
