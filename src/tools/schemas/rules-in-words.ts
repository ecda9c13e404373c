/** The schema with the rules of each property repeated in its description. */
export function describeProperties(schema: Record<string, unknown>): Record<string, unknown> {
  const described = { ...schema };
  if (typeof described['format'] === 'string') delete described['pattern']; // zod says both; the pattern tells nobody more
  if (described['minimum'] === Number.MIN_SAFE_INTEGER) delete described['minimum'];
  if (described['maximum'] === Number.MAX_SAFE_INTEGER) delete described['maximum'];
  if (typeof schema['properties'] === 'object' && schema['properties'] !== null) {
    described['properties'] = Object.fromEntries(
      Object.entries(schema['properties']).map(([name, property]: [string, unknown]) => [
        name,
        isObject(property) ? withRulesInWords(describeProperties(property)) : property,
      ]),
    );
  }
  if (isObject(schema['items'])) described['items'] = describeProperties(schema['items']);
  return described;
}

/** Dify and others pass a scalar's type and description to the model and drop the rest, so the rest goes into words. */
function withRulesInWords(property: Record<string, unknown>): Record<string, unknown> {
  const description = typeof property['description'] === 'string' ? property['description'] : '';
  const rules: string[] = [];
  const mentions = (text: string) => hasWord(description, text);
  const allowed = property['enum'] ?? (isObject(property['items']) ? property['items']['enum'] : undefined);
  if (Array.isArray(allowed) && !allowed.every((value) => mentions(String(value)))) {
    rules.push(`One of: ${allowed.map((value) => (value === '' ? 'nothing' : String(value))).join(', ')}.`);
  }
  const fixed = property['const'];
  if (fixed !== undefined && !mentions(JSON.stringify(fixed))) {
    rules.push(`Always ${JSON.stringify(fixed)}.`);
  }
  const format = property['format'];
  if (typeof format === 'string' && !mentions(format)) rules.push(`Format: ${format}.`);
  const { minimum, maximum } = property;
  if (typeof minimum === 'number' && !mentions(String(minimum))) rules.push(`At least ${minimum}.`);
  if (typeof maximum === 'number' && !mentions(String(maximum))) rules.push(`At most ${maximum}.`);
  rules.push(...lengthsInWords(property, mentions));
  const fallback = property['default'];
  if (fallback !== undefined && !(mentions('default') && mentions(plain(fallback))))
    rules.push(`Default: ${plain(fallback)}.`);
  if (rules.length === 0) return property;
  const separator = /(?:^|[.!?。])\s*$/.test(description) ? ' ' : '. ';
  return { ...property, description: `${description.trimEnd()}${separator}${rules.join(' ')}`.trimStart() };
}

const LENGTHS: readonly (readonly [string, string])[] = [
  ['minLength', 'At least # characters.'],
  ['maxLength', 'At most # characters.'],
  ['minItems', 'At least # entries.'],
  ['maxItems', 'At most # entries.'],
  ['exclusiveMinimum', 'More than #.'],
  ['exclusiveMaximum', 'Less than #.'],
  ['multipleOf', 'A multiple of #.'],
];

function lengthsInWords(property: Record<string, unknown>, mentions: (text: string) => boolean): string[] {
  return LENGTHS.flatMap(([keyword, words]) => {
    const limit = property[keyword];
    return typeof limit !== 'number' || mentions(String(limit)) ? [] : [words.replace('#', String(limit))];
  });
}

/** The text as a word or number of its own: `on` is not in `month`, nor 1 in 100. */
function hasWord(description: string, text: string): boolean {
  const [said, word] = [description.toLowerCase(), text.toLowerCase()];
  if (word === '') return true;
  for (let at = said.indexOf(word); at >= 0; at = said.indexOf(word, at + 1)) {
    const [before, after] = [said[at - 1] ?? '', said[at + word.length] ?? ''];
    if (!/[\w.-]/.test(before) && !/[\w-]/.test(after)) return true;
  }
  return false;
}

function plain(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
