/** How large arguments may be, whatever their schema says. */
export type ArgumentBudget = {
  /** Of UTF-8, of all names and texts together; a number or a literal counts 8. */
  readonly maxBytes: number;
  readonly maxDepth: number;
  /** Values of any kind. */
  readonly maxNodes: number;
};

const SCALAR_BYTES = 8;

/**
 * What of the arguments goes beyond the budget, or null. Checked before anything else looks at them, without recursion.
 */
export function budgetFault(args: unknown, { maxBytes, maxDepth, maxNodes }: ArgumentBudget): string | null {
  let bytes = 0;
  let nodes = 0;
  let level: unknown[] = [args];
  for (let depth = 0; level.length > 0; depth++) {
    if (depth > maxDepth) return `they nest deeper than ${maxDepth} levels`;
    nodes += level.length;
    if (nodes > maxNodes) return `they hold more than ${maxNodes} values`;
    const next: unknown[] = [];
    for (const node of level) {
      if (typeof node === 'string') bytes += Buffer.byteLength(node);
      else if (typeof node === 'number' && !isExact(node))
        return `they hold the number ${node}, which lost digits on its way: JSON numbers are exact up to 2^53. Send it as text`;
      else if (typeof node !== 'object' || node === null) bytes += SCALAR_BYTES;
      else if (Array.isArray(node)) for (const item of node) next.push(item);
      else {
        for (const name in node) {
          bytes += Buffer.byteLength(name);
          next.push((node as Record<string, unknown>)[name]);
        }
      }
    }
    if (bytes > maxBytes) return `they are larger than ${maxBytes} bytes`;
    level = next;
  }
  return null;
}

/** From 1e21 on JavaScript writes an exponent, as whoever sends such a number does: it was not meant to the last digit. */
function isExact(number: number): boolean {
  if (!Number.isFinite(number)) return false; // 1e400
  return !Number.isInteger(number) || Number.isSafeInteger(number) || Math.abs(number) >= 1e21;
}
