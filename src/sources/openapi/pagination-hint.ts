import { isPlainObject } from '../../platform/plain-object.js';
import type { JsonObject } from '../../tools/tool-definition.js';

const FURTHER =
  /^(?:page|page_?number|cursor|offset|after|starting_after|page_?token|next_?token|skip|start)$/i;
const SIZE = /^(?:limit|per_?page|page_?size|max_?results|top|count|take|first)$/i;

/** What tells an agent that there may be more than one answer shows; undefined: the operation has no pages. */
export function paginationHint({ properties }: JsonObject): string | undefined {
  if (!isPlainObject(properties)) return undefined;
  const names = Object.keys(properties);
  const further = names.find((name) => FURTHER.test(name));
  if (further === undefined) return undefined;
  const size = names.find((name) => SIZE.test(name));
  return `Answers in pages: ask for more by \`${further}\`${size === undefined ? '' : `, for fewer at once by \`${size}\``}.`;
}
