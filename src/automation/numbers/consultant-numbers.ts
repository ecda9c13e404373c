import type { EntityManager } from 'typeorm';
import type { ClaimsDto, DeliveriesDto, NotificationsDto } from './consultant-numbers.dto.js';
import { rate, toTenths } from './figures.js';
import { CLAIM_TARGET_SECONDS } from './targets.js';

/** What consultants are told about customers; what administrators are told of errors is none of it. */
export const CUSTOMER_NOTICES = `('new_customer', 'customer_escalated', 'customer_claimed')`;

const COUNTS = `count(*) FILTER (WHERE state = 'sent')::int AS sent, count(*) FILTER (WHERE state = 'failed')::int AS failed,
    count(*) FILTER (WHERE state = 'waiting')::int AS waiting, count(*) FILTER (WHERE state = 'suppressed')::int AS suppressed,
    count(*) FILTER (WHERE state = 'suppressed' AND reason IN ('no_channel', 'no_address'))::int AS unreachable,
    percentile_cont(0.5) WITHIN GROUP (ORDER BY extract(epoch FROM sent_at - created_at)::float8)
      FILTER (WHERE state = 'sent') AS median`;
/** GROUPING: one more row for all of them. */
const DELIVERIES = `SELECT CASE WHEN GROUPING(channel_kind) = 1 THEN 'all' ELSE coalesce(channel_kind, 'none') END AS channel, ${COUNTS}
  FROM notification_deliveries WHERE tenant_id = $1 AND created_at >= $2 AND created_at < $3 AND kind IN ${CUSTOMER_NOTICES}
  GROUP BY GROUPING SETS ((channel_kind), ()) ORDER BY 1`;

const WAITED = `extract(epoch FROM first_claimed_at - first_announced_at)::float8`;
/** An open one that waits for longer than the target has missed it already. A release or another consultant changes no wait. */
const CLAIMS = `SELECT count(*)::int AS announced, count(first_claimed_at)::int AS claimed,
    count(*) FILTER (WHERE state = 'open')::int AS unclaimed, count(*) FILTER (WHERE level > 0)::int AS escalated,
    coalesce(sum(notified) FILTER (WHERE how = 'live'), 0)::int AS "toldLive",
    count(*) FILTER (WHERE how = 'live' AND notified > 0)::int AS live,
    avg(${WAITED}) AS average, percentile_cont(ARRAY[0.5, 0.95]) WITHIN GROUP (ORDER BY ${WAITED}) AS percentiles,
    count(*) FILTER (WHERE first_claimed_at <= first_announced_at + make_interval(secs => $4))::int AS "inTime",
    count(*) FILTER (WHERE first_claimed_at > first_announced_at + make_interval(secs => $4) OR (state = 'open'
      AND first_claimed_at IS NULL AND first_announced_at < now() - make_interval(secs => $4)))::int AS late,
    extract(epoch FROM now() - min(announced_at) FILTER (WHERE state = 'open'))::float8 AS oldest
  FROM customer_claims WHERE tenant_id = $1 AND first_announced_at >= $2 AND first_announced_at < $3`;

type Span = { readonly from: Date; readonly to: Date };
type DeliveryRow = {
  readonly channel: string;
  readonly sent: number;
  readonly failed: number;
  readonly waiting: number;
  readonly suppressed: number;
  readonly unreachable: number;
  readonly median: number | null;
};
type ClaimRow = {
  readonly announced: number;
  readonly claimed: number;
  readonly unclaimed: number;
  readonly escalated: number;
  readonly toldLive: number;
  readonly live: number;
  readonly average: number | null;
  readonly percentiles: readonly [number | null, number | null] | null;
  readonly inTime: number;
  readonly late: number;
  readonly oldest: number | null;
};

/** What consultants were told in a time, and how soon they took the customers. */
export async function readConsultants(
  manager: EntityManager,
  tenantId: string,
  { from, to }: Span,
): Promise<{ readonly notifications: NotificationsDto; readonly claims: ClaimsDto }> {
  const parameters = [tenantId, from, to];
  const rows = await manager.query<DeliveryRow[]>(DELIVERIES, parameters);
  const [claims] = await manager.query<[ClaimRow]>(CLAIMS, [...parameters, CLAIM_TARGET_SECONDS]);
  const all = rows.find(({ channel }) => channel === 'all')!;
  const { toldLive } = claims;
  return {
    notifications: {
      told_live: toldLive,
      sent: all.sent,
      failed: all.failed,
      waiting: all.waiting,
      suppressed: all.suppressed,
      delivery_rate: deliveryRate(all),
      median_seconds: toTenths(all.median),
      channels: rows.filter((row) => row !== all).map(toDeliveries),
    },
    claims: toClaims(claims),
  };
}

/** Whoever has no way to be told was not told, on purpose or not. */
function deliveryRate({ sent, failed, unreachable }: DeliveryRow): number | null {
  return rate(sent, sent + failed + unreachable);
}

function toDeliveries(row: DeliveryRow): DeliveriesDto {
  const { channel, sent, failed, waiting, suppressed, median } = row;
  return {
    channel,
    sent,
    failed,
    waiting,
    suppressed,
    delivery_rate: deliveryRate(row),
    median_seconds: toTenths(median),
  };
}

function toClaims({ announced, claimed, unclaimed, escalated, live, ...row }: ClaimRow): ClaimsDto {
  const [median, p95] = row.percentiles ?? [null, null];
  return {
    announced,
    announced_live: live,
    claimed,
    unclaimed,
    escalated,
    average_seconds: toTenths(row.average),
    median_seconds: toTenths(median),
    p95_seconds: toTenths(p95),
    in_time_rate: rate(row.inTime, row.inTime + row.late),
    oldest_unclaimed_seconds: toTenths(row.oldest),
  };
}
