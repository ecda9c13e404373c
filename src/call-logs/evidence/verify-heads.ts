import type { Client } from 'pg';
import type { ChainHead, Checkpoint } from '../chain/checkpoint-text.js';
import type { TenantReport } from './report.js';

const AT_ONCE = 1000;
const HEADS = `SELECT h.n::int AS n, b.records_total AS total, encode(b.hash, 'hex') AS hash
  FROM unnest($2::uuid[], $3::integer[]) WITH ORDINALITY AS h(writer_id, seq, n)
  LEFT JOIN call_log_batches b ON b.tenant_id = $1 AND b.writer_id = h.writer_id AND b.seq = h.seq`;

type Vouched = { readonly head: ChainHead; readonly by: string };
type HeadRow = { readonly n: number; readonly total: string | null; readonly hash: string | null };

/** Compares the ends of chains that checkpoints vouch for with the batches of the tenant. */
export class HeadCheck {
  private readonly pending: Vouched[] = [];

  constructor(
    private readonly client: Client,
    private readonly report: TenantReport,
  ) {}

  /** To be followed by {@link finish}, once for all. */
  async take({ number, time, heads }: Checkpoint): Promise<void> {
    const by = `checkpoint ${number} of ${time.toISOString()}`;
    for (const head of heads) this.pending.push({ head, by });
    if (this.pending.length >= AT_ONCE) await this.finish();
  }

  async finish(): Promise<void> {
    const pending = this.pending.splice(0);
    if (pending.length === 0) return;
    const { rows } = await this.client.query<HeadRow>(HEADS, [
      this.report.tenantId,
      pending.map(({ head }) => head.writerId),
      pending.map(({ head }) => head.seq),
    ]);
    for (const row of rows) this.compare(pending[row.n - 1], row);
  }

  private compare({ head, by }: Vouched, { hash, total }: HeadRow): void {
    const named = `batch ${head.writerId}/${head.seq}`;
    if (hash === null) {
      this.report.add(
        'log_truncated',
        `the chain ${head.writerId} ends before ${named}, for which ${by} vouches (${head.total} records of that chain)`,
      );
    } else if (hash !== head.hashHex || Number(total) !== head.total) {
      this.report.add('batch_changed', `${named} is not the one for which ${by} vouches`);
    }
  }
}
