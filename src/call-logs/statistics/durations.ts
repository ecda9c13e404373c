/**
 * Durations are counted in buckets that grow by a tenth: bucket n holds what is above 0.01 ms × 1.1ⁿ⁻¹ and up to 0.01 ms × 1.1ⁿ
 * (bucket 0: up to 0.01 ms). Counts of buckets add up over any groups and hours, and a percentile read from them is off by
 * less than 5 % (DDSketch, Masson et al. 2019, section 2.1).
 */
const SMALLEST_MS = 0.01;
const GROWTH = 1.1;

/** SQL that gives the bucket of `duration_ms`. */
export const BUCKET = `CASE WHEN duration_ms <= ${SMALLEST_MS} THEN 0
  ELSE ceil(ln(duration_ms::double precision / ${SMALLEST_MS}) / ln(${GROWTH}::double precision)) END::smallint`;

export type BucketCount = { readonly bucket: number; readonly calls: number };

/**
 * The smallest duration that at least the share of the calls does not exceed (nearest rank).
 *
 * @param counts In the order of their buckets.
 * @returns Milliseconds, with three digits that count; null without calls.
 */
export function percentile(counts: readonly BucketCount[], share: number): number | null {
  const rank = Math.max(1, Math.ceil(share * counts.reduce((sum, { calls }) => sum + calls, 0)));
  let seen = 0;
  for (const { bucket, calls } of counts) {
    seen += calls;
    if (seen >= rank) return middleOf(bucket);
  }
  return null;
}

/** @returns Milliseconds, off by less than 5 %, with three digits that count; null without calls. */
export function average(counts: readonly BucketCount[]): number | null {
  const calls = counts.reduce((sum, count) => sum + count.calls, 0);
  if (calls === 0) return null;
  const totalMs = counts.reduce((sum, count) => sum + count.calls * middleOf(count.bucket), 0);
  return Number((totalMs / calls).toPrecision(3));
}

/** How many took no longer, as far as buckets tell: never more than there were. */
export function callsUpTo(counts: readonly BucketCount[], ms: number): number {
  return counts
    .filter(({ bucket }) => SMALLEST_MS * GROWTH ** bucket <= ms)
    .reduce((sum, { calls }) => sum + calls, 0);
}

/** As far from one end as from the other, in proportion. */
function middleOf(bucket: number): number {
  const ms = bucket === 0 ? SMALLEST_MS : (2 * SMALLEST_MS * GROWTH ** bucket) / (GROWTH + 1);
  return Number(ms.toPrecision(3));
}
