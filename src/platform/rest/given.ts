/** Leaves out what a request did not say, so that an update keeps it and an insert defaults it; null is a value. */
export function given<Columns extends object>(columns: Columns): Partial<Columns> {
  return Object.fromEntries(
    Object.entries(columns).filter(([, value]) => value !== undefined),
  ) as Partial<Columns>;
}
