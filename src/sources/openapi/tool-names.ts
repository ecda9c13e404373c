import { exposedName, NAME_MAX, withHash } from '../exposed-name.js';

export type Named = { readonly ownName: string; readonly operationId?: string };

/**
 * Gives each operation the name of its tool: its `operationId`, else its method and path. A name that is too long or that several would
 * have ends with a hash of method and path, so that no name depends on what else the document holds, but for a twin.
 *
 * @param known Names given before, by method and path: they stay.
 * @param prefix Before each name, to tell APIs apart.
 */
export function toolNames(
  operations: readonly Named[],
  {
    known = new Map(),
    prefix = '',
  }: { readonly known?: ReadonlyMap<string, string>; readonly prefix?: string } = {},
): ReadonlyMap<string, string> {
  const bases = operations.map(({ ownName, operationId }) => baseOf(operationId ?? ownName, prefix));
  const counts = new Map<string, number>();
  for (const base of bases) counts.set(base.toLowerCase(), (counts.get(base.toLowerCase()) ?? 0) + 1);
  const taken = new Set([...known.values()].map((name) => name.toLowerCase()));
  const names = new Map<string, string>();
  for (const [index, { ownName }] of operations.entries()) {
    const base = bases[index] ?? '';
    const isOnlyOne = counts.get(base.toLowerCase()) === 1 && !taken.has(base.toLowerCase());
    const made = isOnlyOne && base.length <= NAME_MAX ? base : withHash(base, ownName);
    names.set(ownName, known.get(ownName) ?? made);
  }
  return names;
}

/** Readable before unique: `repos/get-content` is `repos_get-content`, `GET /pets/{id}` is `GET_pets_by_id`. */
function baseOf(text: string, prefix: string): string {
  const words = text
    .normalize('NFKD')
    .replaceAll(/\{([^{}]*)\}/g, 'by_$1')
    .split(/[^A-Za-z0-9_-]/)
    .filter((word) => word !== '');
  const plain = words.join('_');
  if (plain === '') return exposedName(prefix, text);
  const whole = prefix === '' ? plain : `${prefix}_${plain}`;
  return /^[A-Za-z]/.test(whole) ? whole : `op_${whole}`;
}
