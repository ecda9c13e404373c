import { _, type Ajv, type CodeKeywordDefinition } from 'ajv';
import { canonicalJson } from '../../platform/canonical-json.js';
import type { JsonObject } from '../tool-definition.js';

/** Values of the data times parts of the schema: every part meets every value, in the worst case. */
const WORK_MAX = 2 ** 27;
/** A pattern is so much more than another part. */
const PATTERN_PARTS = 50;
/** Schemas up to this size are not counted against the data: no data within its budget makes them slow. */
const PARTS_FREE = 1000;
/** A reference may lead to the same place again and again, so the time is looked at, each so many references. */
const LOOK_EVERY = 64;
const TIME_MAX_MS = 500;

/** The data cannot be checked against the schema in a time that others could be made to wait. */
export class TooCostlyError extends Error {
  constructor() {
    super('checking against it takes too long');
  }
}

/** What checking against one schema may cost: its author may be anybody, and all calls of the service wait meanwhile. */
export class SchemaCost {
  private readonly parts: number;
  private references = 0;
  private deadlineMs = 0;

  constructor(schema: JsonObject) {
    this.parts = partsOf(schema);
  }

  /**
   * To be called before data is checked.
   *
   * @throws {TooCostlyError} There is too much of it for so large a schema.
   */
  begin(data: unknown): void {
    this.references = 0;
    if (this.parts > PARTS_FREE && this.parts * countOf(data, WORK_MAX / this.parts) > WORK_MAX)
      throw new TooCostlyError();
  }

  /** Makes an Ajv count the references that it follows, and look for duplicates in one pass instead of in pairs. */
  watch(ajv: Ajv): void {
    const step = () => this.step();
    for (const keyword of ['$ref', '$dynamicRef']) {
      const definition = ajv.getKeyword(keyword) as CodeKeywordDefinition;
      ajv.removeKeyword(keyword).addKeyword({
        ...definition,
        code: (context) => {
          context.gen.code(_`${context.gen.scopeValue('func', { ref: step })}()`);
          definition.code(context);
        },
      });
    }
    ajv.removeKeyword('uniqueItems').addKeyword({
      keyword: 'uniqueItems',
      type: 'array',
      schemaType: 'boolean',
      compile: (isAsked: boolean) => (list: unknown[]) => !isAsked || !hasDuplicate(list),
      error: { message: 'must NOT have duplicate items' },
    });
  }

  private step(): void {
    if (++this.references % LOOK_EVERY !== 0) return;
    if (this.references === LOOK_EVERY) this.deadlineMs = performance.now() + TIME_MAX_MS;
    else if (performance.now() > this.deadlineMs) throw new TooCostlyError();
  }
}

function hasDuplicate(list: readonly unknown[]): boolean {
  return new Set(list.map(canonicalJson)).size < list.length;
}

/** Members and entries of the schema at any depth, allowed values among them. */
function partsOf(schema: JsonObject): number {
  let parts = 0;
  const open: unknown[] = [schema];
  for (let node = open.pop(); node !== undefined; node = open.pop()) {
    parts++;
    if (typeof node !== 'object' || node === null) continue;
    for (const [name, member] of Object.entries(node as Record<string, object | null>)) {
      if (name === 'pattern') parts += PATTERN_PARTS;
      if (name === 'patternProperties') parts += PATTERN_PARTS * Object.keys(member ?? {}).length;
      open.push(member);
    }
  }
  return parts;
}

/** How many values the data has, counted no further than a little above `max`. */
function countOf(data: unknown, max: number): number {
  let count = 0;
  const open: unknown[] = [data];
  while (open.length > 0 && count <= max) {
    const node = open.pop();
    count++;
    if (typeof node !== 'object' || node === null) continue;
    for (const member of Object.values(node)) open.push(member);
  }
  return count;
}
