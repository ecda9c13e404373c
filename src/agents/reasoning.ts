/**
 * What becomes of the reasoning in an agent's answer: `removed` with the `<details>` that Dify folds it into, `details_kept` where an
 * app writes `<details>` of its own, `kept` where the answer is to stay as it is.
 */
export const REASONING = ['removed', 'details_kept', 'kept'] as const;
export type Reasoning = (typeof REASONING)[number];

/** As the models and Dify's versions name it. An attribute list is bounded, so that no answer makes the search long. */
const TAG = /<(\/?)(think|thinking|thought|reasoning|details)\b[^<>]{0,500}>/gi;

/**
 * Takes a reasoning model's thoughts out of a whole answer. One run of an agent may think more than once, some models send only
 * the end of a thought, and a limit of tokens may cut one off: what follows its beginning is then part of it.
 */
export function withoutReasoning(answer: string, rule: Reasoning): string {
  if (rule === 'kept') return answer;
  let shown = '';
  let shownUntilLastEnd = 0;
  let readUntil = 0;
  let open: { readonly name: string; depth: number } | undefined;
  for (const { 0: tag, 1: slash, 2: written = '', index } of answer.matchAll(TAG)) {
    const name = written.toLowerCase();
    const isDetails = name === 'details';
    if (isDetails && rule === 'details_kept') continue;
    if (!open) shown += answer.slice(readUntil, index);
    readUntil = index + tag.length;
    if (slash === '') {
      open ??= { name, depth: 0 };
      // Details lie in details; a thought that names its own tag holds no second one.
      if (open.name === name) open.depth = isDetails ? open.depth + 1 : 1;
      continue;
    }
    if (open && open.name === name) open.depth -= 1;
    if (open?.depth === 0) open = undefined;
    else if (!open && !isDetails) shown = shown.slice(0, shownUntilLastEnd);
    if (!open) shownUntilLastEnd = shown.length;
  }
  return open ? shown : shown + answer.slice(readUntil);
}
