/** Rates are 0 to 1. Nothing of nothing is unknown, and not zero. */
export function rate(part: number, whole: number): number | null {
  return whole === 0 ? null : Number((part / whole).toFixed(6));
}

/** Milliseconds or seconds with at most one digit behind the point; null: there was nothing to measure. */
export function toTenths(value: number | null): number | null {
  return value === null ? null : Math.round(value * 10) / 10;
}
