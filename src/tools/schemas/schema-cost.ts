import { TooCostlyError } from '../../platform/linear-pattern.js';
import { _, type Ajv, type CodeKeywordDefinition, type KeywordCxt } from 'ajv';
import { canonicalJson } from '../../platform/canonical-json.js';
import { cpuMs } from '../../platform/cpu-time.js';

/** So long may one check compute, in which all calls of the service wait. */
const TIME_MAX_MS = 20;
/** Each takes 5 to 100 ns, so that the time is looked at about once a millisecond, and never in a check of ordinary size. */
const LOOK_EVERY_STEPS = 2 ** 14;
/** To write a value in its canonical form. */
const CANONICAL_STEPS = 40;
/** A keyword of texts reads so many characters in a step. */
const CHARACTERS_A_STEP = 16;

/** Keywords that go on to other parts of the schema, or through lists of it: as many steps as there are. */
const OF_SCHEMA = [
  '$ref',
  '$dynamicRef',
  'const',
  'enum',
  'not',
  'anyOf',
  'oneOf',
  'allOf',
  'required',
  'properties',
  'prefixItems',
  'dependentRequired',
  'dependentSchemas',
];
/** Keywords that go through the data: for each of their parts, as many steps as it has members or the like. */
const OF_DATA = [
  'items',
  'contains',
  'unevaluatedItems',
  'propertyNames',
  'additionalProperties',
  'patternProperties',
  'unevaluatedProperties',
  'minProperties',
  'maxProperties',
  'minLength',
  'maxLength',
];

/**
 * What checking against one schema may cost: its author may be anybody. What a check takes depends on the data as much as on the schema,
 * so that it is counted and, once it is much, measured.
 */
export class SchemaCost {
  private steps = 0;
  private nextLook = LOOK_EVERY_STEPS;
  private endMs = 0;

  /** To be called before data is checked. */
  begin(): void {
    this.steps = 0;
    this.nextLook = LOOK_EVERY_STEPS;
  }

  /** @throws {TooCostlyError} The check has taken too long. */
  spend(steps: number): void {
    this.steps += steps;
    if (this.steps < this.nextLook) return;
    const isFirst = this.nextLook === LOOK_EVERY_STEPS;
    this.nextLook = this.steps + LOOK_EVERY_STEPS;
    if (isFirst) this.endMs = cpuMs() + TIME_MAX_MS;
    else if (cpuMs() > this.endMs) throw new TooCostlyError();
  }

  /** Makes an Ajv tell what its keywords do, and look for duplicates in one pass instead of in pairs. */
  watch(ajv: Ajv): void {
    const spend = (steps: number) => this.spend(steps);
    const spendOn = (data: unknown, parts: number) => this.spend(parts * (1 + sizeOf(data)));
    for (const keyword of OF_SCHEMA)
      precede(ajv, keyword, ({ gen, schema }) => {
        gen.code(_`${gen.scopeValue('func', { ref: spend })}(${partsOf(schema)})`);
      });
    for (const keyword of OF_DATA)
      precede(ajv, keyword, ({ gen, schema, data }) => {
        const parts = keyword === 'patternProperties' ? partsOf(Object.keys(schema as object)) : 1;
        gen.code(_`${gen.scopeValue('func', { ref: spendOn })}(${data}, ${parts})`);
      });
    ajv.removeKeyword('uniqueItems').addKeyword({
      keyword: 'uniqueItems',
      type: 'array',
      schemaType: 'boolean',
      compile: (isAsked: boolean) => (list: unknown[]) => !isAsked || !this.hasDuplicate(list),
      error: { message: 'must NOT have duplicate items' },
    });
  }

  private hasDuplicate(list: readonly unknown[]): boolean {
    const seen = new Set<string>();
    return list.some((item) => {
      this.spend(CANONICAL_STEPS * partsOf(item));
      const text = canonicalJson(item);
      return seen.size === seen.add(text).size;
    });
  }
}

/** Makes a keyword's code begin with more code. */
function precede(ajv: Ajv, keyword: string, tell: (context: KeywordCxt) => void): void {
  const definition = ajv.getKeyword(keyword) as CodeKeywordDefinition;
  for (const name of [keyword, ...(definition.implements ?? [])]) ajv.removeKeyword(name);
  ajv.addKeyword({
    ...definition,
    keyword,
    code: (context, ruleType) => {
      tell(context);
      definition.code(context, ruleType);
    },
  });
}

/** Members or entries; of a text what reading it takes. */
function sizeOf(data: unknown): number {
  if (typeof data === 'string') return data.length / CHARACTERS_A_STEP;
  if (typeof data !== 'object' || data === null) return 0;
  return Array.isArray(data) ? data.length : Object.keys(data).length;
}

/** The value itself, and its members and entries at any depth. */
function partsOf(value: unknown): number {
  let parts = 0;
  const open: unknown[] = [value];
  while (open.length > 0) {
    const node = open.pop();
    parts++;
    if (typeof node === 'object' && node !== null)
      for (const member of Object.values(node)) open.push(member);
  }
  return parts;
}
