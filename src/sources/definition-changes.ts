import { isDeepStrictEqual } from 'node:util';

/** One place where two definitions differ; a side that is absent did not have it. */
export type DefinitionChange = { readonly path: string; readonly before?: unknown; readonly after?: unknown };

const CHANGES_MAX = 200;

/** Tells where two definitions differ, for a person to decide: the smallest parts, in the order of their names, at most 200. */
export function definitionChanges(before: unknown, after: unknown): DefinitionChange[] {
  return [...differences(before, after, '')].slice(0, CHANGES_MAX);
}

function* differences(before: unknown, after: unknown, path: string): Generator<DefinitionChange> {
  if (isDeepStrictEqual(before, after)) return;
  if (!isContainer(before) || !isContainer(after) || Array.isArray(before) !== Array.isArray(after)) {
    yield {
      path,
      ...(before !== undefined && { before }),
      ...(after !== undefined && { after }),
    };
    return;
  }
  const names = new Set([...Object.keys(before), ...Object.keys(after)]);
  for (const name of [...names].toSorted())
    yield* differences(before[name], after[name], path === '' ? name : `${path}.${name}`);
}

function isContainer(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null;
}
