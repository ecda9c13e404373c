import type { DataSource, ObjectLiteral } from 'typeorm';

/** A row as `to_jsonb` gives it, by column name. */
export type JsonRow = Readonly<Record<string, unknown>>;

/** The entity of a row that came as JSON, so that one statement can bring the rows of several tables. */
export function fromJson<Entity extends ObjectLiteral>(
  dataSource: DataSource,
  entity: new () => Entity,
  row: JsonRow,
): Entity {
  const made = new entity();
  for (const { propertyName, databaseName, type } of dataSource.getMetadata(entity).columns) {
    (made as Record<string, unknown>)[propertyName] = valueOf(type, row[databaseName]);
  }
  return made;
}

function valueOf(type: unknown, value: unknown): unknown {
  if (value === null || value === undefined) return null;
  if (type === 'timestamptz') return new Date(value as string);
  if (type === 'bytea') return Buffer.from((value as string).slice(2), 'hex'); // as \x…
  if (type === 'bigint') return `${value as number}`;
  return value;
}
