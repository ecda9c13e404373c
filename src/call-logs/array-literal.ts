export type ElementType =
  | 'uuid'
  | 'timestamptz'
  | 'boolean'
  | 'integer'
  | 'smallint'
  | 'bigint'
  | 'real'
  | 'varchar'
  | 'text'
  | 'json'
  | 'bytea';

/** Of a `bytea`: its hex digits. */
export type ElementValue = string | number | boolean | null;

/**
 * A PostgreSQL array as text (PostgreSQL manual, section 8.15.6). The driver writes arrays, too, but looks at each element
 * anew to find out what it is, at three times the cost.
 */
export function arrayLiteral(type: ElementType, values: readonly ElementValue[]): string {
  const write = WRITERS[type] ?? String;
  return `{${values.map((value) => (value === null ? 'NULL' : write(value as string))).join(',')}}`;
}

/** One value as PostgreSQL reads it from text. */
export function plainText(type: ElementType, value: ElementValue): string | null {
  if (value === null) return null;
  return type === 'bytea' ? `\\x${value}` : String(value);
}

const WRITERS: { readonly [Type in ElementType]?: (value: string) => string } = {
  varchar: quoted,
  text: quoted,
  json: quoted,
  bytea: (hex) => `"\\\\x${hex}"`,
};

function quoted(text: string): string {
  const escaped = text.includes('\\') ? text.replaceAll('\\', '\\\\') : text;
  return `"${escaped.includes('"') ? escaped.replaceAll('"', '\\"') : escaped}"`;
}
