import {
  type ChainHead,
  chainsRoot,
  type Checkpoint,
  checkpointHash,
  parseCheckpoint,
} from '../chain/checkpoint-text.js';
import { NO_HASH } from '../chain/record-hash.js';
import type { LogReader } from './log-reader.js';
import type { TenantReport } from './report.js';
import { checkSignature, type Trust, UNKNOWN_KEY } from './trusted-keys.js';
import { HeadCheck } from './verify-heads.js';
import { TimesCheck } from './verify-times.js';

const PAGE = 500;
const NEXT = `SELECT number, created_at AS "createdAt", text, key_id AS "keyId", signature FROM call_log_checkpoints
  WHERE tenant_id = $1 AND number > $2 ORDER BY number LIMIT ${PAGE}`;
const DELIVERED = `SELECT target, delivered_number AS number FROM call_log_deliveries
  WHERE tenant_id = $1 AND delivered_number > $2 ORDER BY target`;

type Stored = {
  readonly number: number;
  readonly createdAt: Date;
  readonly text: string;
  readonly keyId: string;
  readonly signature: Buffer;
};

/** Compares the chains of a tenant with what the signed checkpoints of the database say of them. */
export class CheckpointCheck {
  private readonly trust: Trust;
  private readonly heads = new Map<string, ChainHead>();
  private readonly headCheck: HeadCheck;
  private readonly times: TimesCheck;
  private first: Checkpoint | undefined;
  private newest: Checkpoint | undefined;
  private newestHash = NO_HASH;

  /** @param every Seconds between checkpoints, by the settings as they are. */
  constructor(
    private readonly snapshot: LogReader,
    private readonly report: TenantReport,
    { trust, every }: { readonly trust: Trust; readonly every: number },
  ) {
    this.trust = trust;
    this.headCheck = new HeadCheck(snapshot.holder, report);
    this.times = new TimesCheck(snapshot, report, { every, since: trust.since });
  }

  /** What the first checkpoint says of records from before there were chains. */
  get uncovered(): Checkpoint['uncovered'] | undefined {
    return this.first?.uncovered;
  }

  async run(): Promise<void> {
    let previous: Stored | undefined;
    for (;;) {
      const values = [this.report.tenantId, previous?.number ?? 0];
      const { rows } = await this.snapshot.holder.query<Stored>(NEXT, values);
      for (const row of rows) {
        await this.checkOne(row, previous);
        previous = row;
      }
      if (rows.length < PAGE) break;
    }
    await this.headCheck.finish();
    await this.times.finish();
    this.checkRoot();
    await this.checkDelivered(previous?.number ?? 0);
  }

  private async checkOne(row: Stored, previous: Stored | undefined): Promise<void> {
    this.report.checkpoints++;
    const named = `checkpoint ${row.number}`;
    const expected = (previous?.number ?? 0) + 1;
    if (row.number !== expected) {
      this.report.add('checkpoint_missing', `checkpoints ${expected} to ${row.number - 1} are missing`);
    }
    const state = checkSignature(this.trust, row.text, row);
    if (state === 'unknown_key') {
      this.report.add('checkpoint_forged', `${named} is signed by the key ${row.keyId}, ${UNKNOWN_KEY}`);
      return;
    }
    const checkpoint = state === 'good' ? parseCheckpoint(row.text) : undefined;
    if (!checkpoint) return this.report.add('checkpoint_changed', `${named} is not what was signed`);
    const isItsOwn =
      checkpoint.tenantId === this.report.tenantId &&
      checkpoint.number === row.number &&
      checkpoint.time.getTime() === Number(row.createdAt);
    if (!isItsOwn) {
      const whose = `checkpoint ${checkpoint.number} of tenant ${checkpoint.tenantId}, ${checkpoint.time.toISOString()}`;
      return this.report.add('checkpoint_replayed', `in the place of ${named} lies ${whose}`);
    }
    const follows = (this.newest?.number ?? 0) === row.number - 1; // else the one before was named already
    if (follows && checkpoint.previousHex !== this.newestHash) {
      this.report.add('checkpoint_changed', `${named} does not follow from the one before it`);
    }
    this.first ??= checkpoint;
    this.newest = checkpoint;
    this.newestHash = checkpointHash(row.text);
    this.report.newestCheckpoint = { number: row.number, at: row.createdAt, records: checkpoint.records };
    for (const head of checkpoint.heads) this.heads.set(head.writerId, head);
    await this.headCheck.take(checkpoint);
    await this.times.take(checkpoint);
  }

  /** What was delivered is noted; the note can be changed, and then says too much. */
  private async checkDelivered(newest: number): Promise<void> {
    const { rows } = await this.snapshot.holder.query<{ target: string; number: number }>(DELIVERED, [
      this.report.tenantId,
      newest,
    ]);
    for (const { target, number } of rows) {
      this.report.add(
        'delivery_ahead',
        `checkpoints up to number ${number} are noted as delivered to the ${target}, and the newest is ${newest}: ` +
          'newer ones were taken away, or the note was changed so that no more are delivered',
      );
    }
  }

  /** That the newest checkpoint knows of the same chains as all of them together. */
  private checkRoot(): void {
    if (!this.newest) return;
    const all = [...this.heads.values()].toSorted((a, b) => (a.writerId < b.writerId ? -1 : 1));
    const { chains, number } = this.newest;
    if (all.length === chains.count && chainsRoot(all) === chains.rootHex) return;
    this.report.add(
      'checkpoint_missing',
      `checkpoint ${number} knows of chains that the ones before it do not name`,
    );
  }
}
