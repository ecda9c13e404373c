import { InvalidInputError } from '../../common/errors.js';
import { containing } from '../../common/search.js';
import type { CallFilterDto } from '../call-logs.dto.js';
import { type Markable, markOf, pairsOf, soughtDurationTraits, termsOf, traitsOf, wordsOf } from './marks.js';
import { SEARCHED_TEXT } from './searched-text.js';

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

/** What every record of the tenant that the filter lets through fulfils. */
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
  if (filter.from) condition.and('created_at >= ?', filter.from);
  if (filter.to) condition.and('created_at < ?', filter.to);
  if (filter.q !== undefined) addText(condition, filter.q);
  return condition;
}

function addText(condition: Condition, q: string): void {
  for (const { text, isWhole } of requireTerms(q)) {
    if (isWhole) condition.and(`${SEARCHED_TEXT} ~* ?`, `(^|[^a-z0-9])${text}($|[^a-z0-9])`);
    else condition.and(`${SEARCHED_TEXT} ILIKE ?`, containing(text));
  }
}

function requireTerms(q: string): ReturnType<typeof termsOf> {
  const terms = termsOf(q);
  if (terms.length > 0) return terms;
  throw new InvalidInputError('There is no word in what is sought', {
    details: [{ field: 'q', message: 'must have a letter or a digit' }],
  });
}

/**
 * The marks that a stretch of the guide has when the filter may let one of its records through.
 *
 * @returns undefined: an index of the records themselves serves the filter better.
 */
export function marksFor(tenantId: string, filter: CallFilterDto): number[] | undefined {
  const traits = [
    ...traitsOf(soughtOf(filter)),
    ...soughtDurationTraits({ min: filter.duration_min, max: filter.duration_max }),
  ];
  const words = filter.q === undefined ? new Set<string>() : wordsOf(filter.q);
  const isByDuration = filter.duration_min !== undefined || filter.duration_max !== undefined;
  if (words.size === 0 && (isByDuration ? traits.length === 0 : countIndexes(filter) < 2)) return undefined;
  const marks = [...pairsOf(traits), ...words].map((what) => markOf(tenantId, what));
  return [...new Set(marks)];
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
