import { InvalidInputError } from '../../platform/errors.js';
import type { CallFilterDto } from '../call-logs.dto.js';
import { type Markable, markerOf, pairsOf, soughtDurationTraits, traitsOf } from './marks.js';
import { SEARCHED_TEXT } from './searched-text.js';
import { patternOf, soughtWords, termsOf } from './words.js';

/** A condition in SQL; its parameters are numbered in the order in which they are added. */
export class Condition {
  readonly parameters: unknown[] = [];
  private readonly parts: string[] = [];

  /** @param sql With `?` in the place of each value. */
  and(sql: string, ...values: unknown[]): this {
    let at = this.parameters.length;
    this.parts.push(sql.replaceAll('?', () => `$${(at += 1)}`));
    this.parameters.push(...values);
    return this;
  }

  get sql(): string {
    return this.parts.join(' AND ');
  }
}

/**
 * What every record of the tenant that the filter lets through fulfils, but for the time, which is the region's.
 *
 * @throws {InvalidInputError} There is no word in `q`.
 */
export function conditionOf(tenantId: string, filter: CallFilterDto): Condition {
  const condition = new Condition().and('tenant_id = ?', tenantId);
  for (const [column, value] of [
    ['tool_name', filter.tool],
    ['group_id', filter.group_id],
    ['key_id', filter.key_id],
    ['caller_app_id', filter.caller_app_id],
    ['user_id', filter.user_id],
    ['error_kind', filter.error_kind],
  ] as const) {
    if (value !== undefined) condition.and(`${column} = ?`, value);
  }
  if (filter.success === true) condition.and('success');
  if (filter.success === false || filter.error_kind !== undefined) condition.and('NOT success');
  if (filter.duration_min !== undefined) condition.and('duration_ms >= ?::real', filter.duration_min);
  if (filter.duration_max !== undefined) condition.and('duration_ms <= ?::real', filter.duration_max);
  if (filter.q !== undefined) addText(condition, filter.q);
  return condition;
}

function addText(condition: Condition, q: string): void {
  for (const term of requireTerms(q)) condition.and(`${SEARCHED_TEXT} ~ ?`, patternOf(term));
}

function requireTerms(q: string): ReturnType<typeof termsOf> {
  const terms = termsOf(q);
  if (terms.length > 0) return terms;
  throw new InvalidInputError('There is no word in what is sought', {
    details: [{ field: 'q', message: 'must have a letter or a digit' }],
  });
}

/** How records are found. */
export type Approach = {
  /** What a stretch of the guide has when the filter may let one of its records through; undefined: it would have none to name. */
  readonly marks?: readonly number[];
  /** An index of the records serves the filter, so the newest days are read before the guide is asked where to go on. */
  readonly beginsDirectly: boolean;
  /** Each record fulfils one of these: see `regionQuery`. */
  readonly alternatives?: readonly string[];
};

export function approachOf(tenantId: string, filter: CallFilterDto): Approach {
  const { tool, success, q, duration_min: min, duration_max: max } = filter;
  const traits = [...traitsOf(soughtOf(filter)), ...soughtDurationTraits({ min, max })];
  const words = q === undefined ? [] : soughtWords(q);
  // Where two occur together, each of them does.
  const sought = [...pairsOf(traits).filter((what) => traits.length < 2 || !traits.includes(what)), ...words];
  const marks = new Set(sought.map(markerOf(tenantId)));
  const isByDuration = min !== undefined || max !== undefined;
  return {
    ...(marks.size > 0 ? { marks: [...marks] } : {}),
    beginsDirectly: words.length === 0 && countIndexes(filter) + (isByDuration ? 1 : 0) < 2,
    // The index of tools has the outcome before the time.
    ...(tool !== undefined && success === undefined ? { alternatives: ['success', 'NOT success'] } : {}),
  };
}

/** How many indexes of the records a filter without words and durations would need; some are of two properties. */
function countIndexes({ tool, error_kind: kind, success, ...filter }: CallFilterDto): number {
  const isSuccessAlone = success !== undefined && tool === undefined && kind === undefined;
  const wanted = [tool, kind, filter.group_id, filter.key_id, filter.caller_app_id, filter.user_id];
  return wanted.filter((value) => value !== undefined).length + (isSuccessAlone ? 1 : 0);
}

function soughtOf(filter: CallFilterDto): Partial<Markable> {
  return {
    groupId: filter.group_id,
    toolName: filter.tool,
    callerAppId: filter.caller_app_id,
    keyId: filter.key_id,
    userId: filter.user_id,
    success: filter.success,
    errorKind: filter.error_kind,
  };
}
