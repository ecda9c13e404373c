import { createReadStream } from 'node:fs';
import { createInterface } from 'node:readline';
import type { Client } from 'pg';
import {
  type Checkpoint,
  checkpointHash,
  parseCheckpoint,
  type SignedCheckpoint,
} from '../chain/checkpoint-text.js';
import { TenantReport } from './report.js';
import { checkSignature, type Trust, UNKNOWN_KEY } from './trusted-keys.js';
import { HeadCheck } from './verify-heads.js';

const LINES_AT_ONCE = 500;
const STORED = 'SELECT number, text FROM call_log_checkpoints WHERE tenant_id = $1 AND number = ANY ($2)';

type Line = { readonly at: string; readonly text: string; readonly checkpoint: Checkpoint };
type Known = { readonly number: number; readonly hash: string };

/**
 * Compares what the database holds with checkpoints that were kept outside. The file is read once for all tenants: those that it
 * tells of and the database does not know are found, too.
 */
export class OutsideCheckpoints {
  private readonly newest = new Map<string, Known>();
  private readonly strangers = new Map<string, TenantReport>();
  private readonly nobodys = new TenantReport('-', 'lines of the file that are of no tenant', false);
  private readonly known: ReadonlyMap<string, TenantReport>;
  private lines: Line[] = [];

  constructor(
    private readonly client: Client,
    private readonly trust: Trust,
    private readonly options: {
      /** Of the tenants that were verified. */
      readonly reports: readonly TenantReport[];
      /** Ids of tenants whose deletion was signed. undefined: only one tenant was asked for, and others do not matter. */
      readonly deleted: ReadonlySet<string> | undefined;
    },
  ) {
    this.known = new Map(options.reports.map((report) => [report.tenantId, report]));
  }

  /**
   * @param file JSON Lines, as they were delivered.
   * @returns What was found out about tenants that the database does not know.
   */
  async check(file: string): Promise<TenantReport[]> {
    for (const report of this.options.reports) report.delivered = 0;
    let lineNumber = 0;
    for await (const line of createInterface({ input: createReadStream(file), crlfDelay: Infinity })) {
      lineNumber++;
      if (line.trim() !== '') this.take(line, `line ${lineNumber} of the file`);
      if (this.lines.length >= LINES_AT_ONCE) await this.compare();
    }
    await this.compare();
    for (const report of this.strangers.values()) this.explainAbsence(report);
    return [...this.strangers.values(), this.nobodys].filter(({ found }) => found > 0);
  }

  private take(line: string, at: string): void {
    const signed = parseLine(line);
    const checkpoint = signed && parseCheckpoint(signed.text);
    if (!checkpoint) return this.nobodys.add('checkpoint_forged', `${at} is no checkpoint`);
    const report = this.reportOf(checkpoint.tenantId);
    if (!report) return;
    report.delivered = (report.delivered ?? 0) + 1;
    const signature = Buffer.from(signed.signature, 'base64');
    const state = checkSignature(this.trust, signed.text, { keyId: signed.key_id, signature });
    if (state !== 'good') {
      const why =
        state === 'unknown_key'
          ? `is signed by the key ${signed.key_id}, ${UNKNOWN_KEY}`
          : 'is not what was signed';
      return report.add('checkpoint_forged', `${at}, checkpoint ${checkpoint.number}, ${why}`);
    }
    this.checkOrder(report, checkpoint, { at, hash: checkpointHash(signed.text) });
    if (report.isInDatabase) this.lines.push({ at, text: signed.text, checkpoint });
  }

  private reportOf(tenantId: string): TenantReport | undefined {
    const known = this.known.get(tenantId);
    if (known || !this.options.deleted) return known;
    const stranger = this.strangers.get(tenantId) ?? new TenantReport(tenantId, 'not in the database', false);
    this.strangers.set(tenantId, stranger);
    return stranger;
  }

  /** The same one twice in a row is an answer that was lost, and asked for again. */
  private checkOrder(
    report: TenantReport,
    checkpoint: Checkpoint,
    { at, hash }: { at: string; hash: string },
  ): void {
    const { number, time, records } = checkpoint;
    const newest = this.newest.get(report.tenantId);
    if (newest && number <= newest.number && newest.hash !== hash) {
      report.add(
        'checkpoint_replayed',
        `${at} is checkpoint ${number}, after checkpoint ${newest.number}: an old one was given again`,
      );
      return;
    }
    this.newest.set(report.tenantId, { number, hash });
    if (!report.isInDatabase) report.newestCheckpoint = { number, at: time, records };
  }

  private async compare(): Promise<void> {
    const lines = this.lines.splice(0);
    for (const tenantId of new Set(lines.map(({ checkpoint }) => checkpoint.tenantId))) {
      const own = lines.filter(({ checkpoint }) => checkpoint.tenantId === tenantId);
      await this.client.query('BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY');
      await this.client.query(`SELECT set_config('toolcrib.tenant_id', $1, true)`, [tenantId]);
      const report = this.reportOf(tenantId);
      if (report) await this.compareWithStored(report, own);
      await this.client.query('COMMIT');
    }
  }

  private async compareWithStored(report: TenantReport, lines: readonly Line[]): Promise<void> {
    const numbers = lines.map(({ checkpoint }) => checkpoint.number);
    const { rows } = await this.client.query<{ number: number; text: string }>(STORED, [
      report.tenantId,
      numbers,
    ]);
    const stored = new Map(rows.map(({ number, text }) => [number, text]));
    const heads = new HeadCheck(this.client, report);
    for (const { at, text, checkpoint } of lines) {
      const { number, time } = checkpoint;
      const found = stored.get(number);
      if (found === text) continue; // what it vouches for was compared already
      if (found === undefined) {
        report.add(
          'checkpoint_missing',
          `checkpoint ${number} of ${time.toISOString()} (${at}) is not in the database`,
        );
      } else {
        report.add('checkpoint_changed', `checkpoint ${number} in the database is not the one in ${at}`);
      }
      await heads.take(checkpoint);
    }
    await heads.finish();
  }

  private explainAbsence(report: TenantReport): void {
    const { newestCheckpoint: newest, tenantId } = report;
    if (!newest || this.options.deleted?.has(tenantId)) return;
    report.add(
      'tenant_missing',
      `tenant ${tenantId} is not in the database, and no signed removal covers it; checkpoint ${newest.number} of ` +
        `${newest.at.toISOString()} vouches for ${newest.records} records of it`,
    );
  }
}

function parseLine(line: string): SignedCheckpoint | undefined {
  try {
    const signed = JSON.parse(line) as SignedCheckpoint;
    const isSigned = [signed.text, signed.key_id, signed.signature].every((part) => typeof part === 'string');
    return isSigned ? signed : undefined;
  } catch {
    return undefined;
  }
}
