import type { Checkpoint } from '../chain/checkpoint-text.js';
import { CHAIN_HEADS } from './chain-heads.js';
import type { LogReader } from './log-reader.js';
import type { TenantReport } from './report.js';
import { CALL_MAX_MS, findBackdated, type Span } from './verify-backdated.js';

/** Clocks of replicas may differ by so much, and committing may take so long. */
const SLACK_MS = 5 * 60_000;
/** Rounds of checkpoints that may fail. */
const ROUNDS = 5;
const SPANS_AT_ONCE = 1000;

const SPANS = `SELECT h.n::int AS n, b.first, b.oldest, b.newest
  FROM unnest($2::uuid[], $3::integer[], $4::integer[], $5::timestamptz[]) WITH ORDINALITY AS h(writer_id, after, up_to, before, n)
  CROSS JOIN LATERAL (SELECT min(first_at) AS first, min(last_at) FILTER (WHERE last_at >= $6) AS oldest,
      max(last_at) FILTER (WHERE last_at >= $6 AND last_at < h.before) AS newest
    FROM call_log_batches WHERE tenant_id = $1 AND writer_id = h.writer_id AND seq > h.after AND seq <= h.up_to) b`;
const NOW = `SELECT now(), EXISTS (SELECT FROM replicas WHERE last_seen_at > now() - interval '1 minute'
  AND started_at < now() - $1 * interval '1 millisecond') AS "isServing"`;

type Times = { readonly first: Date | null; readonly oldest: Date | null; readonly newest: Date | null };
/** A checkpoint and the batches that it is the first to vouch for. */
type Mark = {
  /** undefined: no checkpoint, but the present. */
  readonly by: string | undefined;
  readonly at: Date;
  /** How long batches may have waited for it. */
  readonly graceMs: number;
  /** Nothing that ended before this can be in its batches: the checkpoint before would have had it. */
  readonly notBefore: number;
  readonly spans: readonly Span[];
  /** A service runs, and has for long: no batch may still wait. */
  readonly isServing: boolean;
};

/**
 * Compares the times of records with those of the checkpoints around them: what was first vouched for by one checkpoint cannot
 * have ended before the one before it; and while a service ran, batches did not wait long for one.
 */
export class TimesCheck {
  private readonly heads = new Map<string, number>();
  private last: Checkpoint | undefined;
  private pending: Mark[] = [];

  constructor(
    private readonly snapshot: LogReader,
    private readonly report: TenantReport,
    private readonly options: {
      /** Of the settings as they are, in seconds. */
      readonly every: number;
      /** When signing began. null: at the beginning; undefined: nothing is signed here. */
      readonly since: Date | null | undefined;
    },
  ) {}

  /** Those that are what was signed, in their order. */
  async take(checkpoint: Checkpoint): Promise<void> {
    const { number, time, every, heads } = checkpoint;
    const spans = heads.map(({ writerId, seq }) => this.spanTo(writerId, seq));
    this.pending.push({
      by: `checkpoint ${number} of ${time.toISOString()}`,
      at: time,
      graceMs: graceMs(Math.max(every, this.last?.every ?? 0)),
      notBefore: this.notBefore,
      spans,
      isServing: false,
    });
    for (const { writerId, seq } of heads) this.heads.set(writerId, seq);
    this.last = checkpoint;
    if (this.pending.reduce((sum, mark) => sum + mark.spans.length, 0) >= SPANS_AT_ONCE) await this.compare();
  }

  /** What no checkpoint vouches for yet must be new. */
  async finish(): Promise<void> {
    const grace = graceMs(Math.max(this.options.every, this.last?.every ?? 0));
    const { rows: heads } = await this.snapshot.holder.query<{ writerId: string; seq: number }>(CHAIN_HEADS, [
      this.report.tenantId,
    ]);
    const { rows } = await this.snapshot.holder.query<{ now: Date; isServing: boolean }>(NOW, [grace]);
    const spans = heads.map(({ writerId, seq }) => this.spanTo(writerId, seq));
    this.pending.push({
      by: undefined,
      at: rows[0].now,
      graceMs: grace,
      notBefore: this.notBefore,
      spans,
      isServing: rows[0].isServing,
    });
    await this.compare();
  }

  private spanTo(writerId: string, upTo: number): Span {
    return { writerId, after: this.heads.get(writerId) ?? 0, upTo };
  }

  private get notBefore(): number {
    return this.last ? this.last.time.getTime() - SLACK_MS : -Infinity;
  }

  private async compare(): Promise<void> {
    const marks = this.pending.splice(0);
    const spans = marks.flatMap((mark) => mark.spans.map((span) => ({ ...span, mark })));
    const { rows } = await this.snapshot.holder.query<Times & { n: number }>(SPANS, [
      this.report.tenantId,
      spans.map(({ writerId }) => writerId),
      spans.map(({ after }) => after),
      spans.map(({ upTo }) => upTo),
      spans.map(({ mark }) => new Date(mark.at.getTime() - mark.graceMs)),
      this.options.since ?? '-infinity',
    ]);
    const times = new Map<Mark, Times[]>();
    for (const { n, ...found } of rows) {
      const { mark, ...span } = spans[n - 1];
      times.set(mark, [...(times.get(mark) ?? []), found]);
      if (found.first !== null && Number(found.first) < mark.notBefore) {
        await findBackdated(this.snapshot, this.report, span, mark);
      }
    }
    for (const [mark, found] of times) this.checkWait(mark, found);
  }

  /**
   * One batch that waited tells nothing: the service may have stopped right behind it, and the checkpoint that its next start makes
   * comes late. Batches that lie far apart do: between them it ran.
   */
  private checkWait(mark: Mark, times: readonly Times[]): void {
    if (this.options.since === undefined) return;
    const oldest = Math.min(...times.map((one) => Number(one.oldest ?? Infinity)));
    const newest = Math.max(...times.map((one) => Number(one.newest ?? -Infinity)));
    if (newest <= (mark.isServing ? -Infinity : oldest + mark.graceMs)) return;
    const which = `batches of ${timeText(oldest)} to ${timeText(newest)}`;
    const why = 'checkpoints were taken away, or could not be made while the service ran';
    if (mark.by === undefined) {
      this.report.add('checkpoint_missing', `no checkpoint vouches for ${which}: ${why}`);
    } else {
      this.report.add('checkpoint_late', `${mark.by} is the first to vouch for ${which}: earlier ${why}`);
    }
  }
}

/** From the arrival of a call to the checkpoint over its record, at most, while a service runs. */
function graceMs(every: number): number {
  return ROUNDS * every * 1000 + CALL_MAX_MS + SLACK_MS;
}

function timeText(at: number): string {
  return Number.isFinite(at) ? new Date(at).toISOString() : 'no time';
}
