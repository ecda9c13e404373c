/** Columns of the file and the SQL of each: as text, or as JSON where it is that already. */
const COLUMNS: readonly (readonly [
  name: string,
  sql: string,
  kind: 'plain' | 'text' | 'json' | 'literal',
])[] = [
  ['id', 'id', 'plain'],
  ['created_at', `to_char(created_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')`, 'plain'],
  ['tool_name', 'tool_name', 'text'],
  ['tool_id', 'tool_id', 'plain'],
  ['group_id', 'group_id', 'plain'],
  ['caller_app_id', 'caller_app_id', 'text'],
  ['key_id', 'key_id', 'plain'],
  ['user_id', 'user_id', 'plain'],
  ['era', 'era', 'text'],
  ['transport', 'transport', 'plain'],
  ['is_test', `CASE WHEN is_test THEN 'true' ELSE 'false' END`, 'literal'],
  ['success', `CASE WHEN success THEN 'true' ELSE 'false' END`, 'literal'],
  ['error_kind', 'error_kind', 'plain'],
  ['error_message', 'error_message', 'text'],
  ['duration_ms', 'duration_ms', 'literal'],
  ['request_data', 'request_data', 'json'],
  ['response_data', 'response_data', 'json'],
];

/** What JavaScript takes for space; which characters the database does is up to its locale. */
const SPACE = String.raw`\t\n\v\f\r \u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000\ufeff`;
/** As in `platform/rest/csv.ts`. */
const FORMULA = String.raw`^[${SPACE}]*[=+\-@\t\r\n|%]`;

export const EXPORT_FORMATS = ['jsonl', 'csv'] as const;
export type ExportFormat = (typeof EXPORT_FORMATS)[number];

export const CSV_HEADER = `${COLUMNS.map(([name]) => name).join(',')}\r\n`;

/** Where a line was: what it begins with. */
export type LineKey = { readonly id: string; readonly at: Date };

/**
 * SQL that makes a line, without its end: the database writes it, and nothing is taken apart and put together again on the
 * way. One `concat` is several times faster than `json_build_object`, which looks up the type of each value for each row.
 */
export const LINE: Readonly<Record<ExportFormat, string>> = {
  jsonl: `concat('{', ${COLUMNS.map(([name, sql, kind]) => `'"${name}":', ${jsonValue(sql, kind)}`).join(`, ',', `)}, '}')`,
  csv: `concat(${COLUMNS.map(([, sql, kind]) => csvCell(sql, kind)).join(`, ',', `)})`,
};

export const LINE_END: Readonly<Record<ExportFormat, string>> = { jsonl: '\n', csv: '\r\n' };

const [ID_LENGTH, TIME_LENGTH] = [36, 24];
const KEY_AT: Readonly<Record<ExportFormat, { readonly id: number; readonly at: number }>> = {
  jsonl: { id: '{"id":"'.length, at: '{"id":"'.length + ID_LENGTH + '","created_at":"'.length },
  csv: { id: 1, at: 1 + ID_LENGTH + '","'.length },
};

export function keyOfLine(line: string, format: ExportFormat): LineKey {
  const { id, at } = KEY_AT[format];
  return { id: line.slice(id, id + ID_LENGTH), at: new Date(line.slice(at, at + TIME_LENGTH)) };
}

function jsonValue(sql: string, kind: 'plain' | 'text' | 'json' | 'literal'): string {
  if (kind === 'literal') return sql;
  if (kind === 'text') return `coalesce(to_json(${sql})::text, 'null')`;
  // A line end in JSON can only be between its parts: in a string it is an escape.
  if (kind === 'json') return `coalesce(replace(${sql}::text, E'\\n', ' '), 'null')`;
  return `coalesce('"' || ${sql} || '"', 'null')`;
}

function csvCell(sql: string, kind: 'plain' | 'text' | 'json' | 'literal'): string {
  if (kind === 'plain' || kind === 'literal') return `'"' || ${sql} || '"'`;
  const text = `${sql}::text`;
  return `'"' || CASE WHEN ${text} ~ '${FORMULA}' THEN '''' ELSE '' END || replace(${text}, '"', '""') || '"'`;
}
