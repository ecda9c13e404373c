import type { SourceDefinition } from './source-tool.entity.js';

/** Characters that people do not see and models read: zero-width, direction, tags. */
const HIDDEN = /[\u200b-\u200f\u202a-\u202e\u2060-\u2064\ufeff\u{e0000}-\u{e007f}]/u;
/** What a description of a tool has no business to say. */
const INSTRUCTIONS: readonly (readonly [RegExp, string])[] = [
  [
    /\b(?:ignore|disregard|forget) (?:all |any |the |your )?(?:previous|prior|other|above) /i,
    'tells the model to ignore other instructions',
  ],
  [/<(?:important|system|secret|instructions?)>/i, 'imitates a message of the system'],
  [
    /\b(?:do not|don't|never) (?:tell|mention|show|reveal|inform)\b/i,
    'tells the model to hide something from the user',
  ],
  [
    /\b(?:before|instead of) (?:using|calling) (?:any|this|other|another) /i,
    'tells the model how to use other tools',
  ],
  [/(?:\.ssh\/|id_rsa|\/etc\/passwd|mcp\.json|\.env\b)/i, 'names files that hold secrets'],
];

/**
 * Tells what an administrator should look at before approving a definition: words that are meant for the model and not for people. It
 * stops nothing: a warning can be wrong, and none does not make a definition good.
 */
export function definitionWarnings(definition: SourceDefinition): string[] {
  const warnings = new Set<string>();
  for (const [path, text] of textsOf(definition, '')) {
    if (HIDDEN.test(text)) warnings.add(`${path} holds characters that nobody sees`);
    for (const [pattern, what] of INSTRUCTIONS) if (pattern.test(text)) warnings.add(`${path} ${what}`);
  }
  return [...warnings];
}

/** No definition that is stored nests without end: see `pin`. */
function* textsOf(value: unknown, path: string): Generator<readonly [string, string]> {
  if (typeof value === 'string') yield [path, value];
  if (typeof value !== 'object' || value === null) return;
  for (const [name, inner] of Object.entries(value))
    yield* textsOf(inner, path === '' ? name : `${path}.${name}`);
}
