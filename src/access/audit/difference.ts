import { isDeepStrictEqual } from 'node:util';

/**
 * What a change does to a row, for the audit: the fields whose value differs, as they were and as they are to be. Fields
 * that `change` leaves out stay as they are.
 */
export function differenceOf<Row extends object>(
  row: Row,
  change: Partial<Row>,
): { readonly before: Partial<Row>; readonly after: Partial<Row> } {
  const names = (Object.keys(change) as (keyof Row)[]).filter(
    (name) => change[name] !== undefined && !isDeepStrictEqual(row[name], change[name]),
  );
  const pick = (source: Partial<Row>) =>
    Object.fromEntries(names.map((name) => [name, source[name]])) as Partial<Row>;
  return { before: pick(row), after: pick(change) };
}
