import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { v7 as newId } from 'uuid';
import type { CallLogLane, FormedBatch } from '../../src/call-logs/writing/call-log-lane.js';
import type { StoredRecord } from '../../src/call-logs/writing/call-record.js';
import { CheckpointsService } from '../../src/call-logs/evidence/checkpoints.service.js';
import { inTenant } from '../../src/platform/request-scope.js';
import type { TenantReport } from '../../src/call-logs/evidence/report.js';
import { verifyLog, type VerifyOptions } from '../../src/call-logs/evidence/verify.js';
import { legacy, newGroup, send, type TestGroup } from './mcp.js';
import type { TestApp, TestTenant } from './test-app.js';

export type LoggedRow = {
  readonly id: string;
  readonly created_at: Date;
  readonly writer_id: string;
  readonly batch_seq: number;
  readonly batch_position: number;
};

/** A tenant with calls in its log, and what tests do to it. */
export class LoggedTenant {
  private constructor(
    private readonly t: TestApp,
    readonly tenant: TestTenant,
    readonly group: TestGroup,
  ) {}

  static async make(t: TestApp, calls = 40): Promise<LoggedTenant> {
    const tenant = await t.newTenant();
    const logged = new LoggedTenant(t, tenant, await newGroup(t, tenant, { tools: ['echo', 'fail'] }));
    if (calls > 0) await logged.call(calls);
    return logged;
  }

  get id(): string {
    return this.tenant.tenantId;
  }

  /** At once, so that batches hold several; every fifth fails. */
  async call(count: number, text = 'grüße'): Promise<void> {
    await Promise.all(
      Array.from({ length: count }, (_, n) =>
        send(
          this.group,
          legacy('tools/call', {
            name: n % 5 === 4 ? 'fail' : 'echo',
            arguments: n % 5 === 4 ? {} : { message: `${text} ${n}` },
          }),
        ),
      ),
    );
  }

  /** One batch of calls, chained as the service would: also of calls that never were. */
  async write(lane: CallLogLane, calls: readonly Partial<StoredRecord>[]): Promise<FormedBatch> {
    const batch = lane.form(calls.map((call) => ({ ...this.madeUp(), ...call })));
    await this.sql(batch.statement.text, ...batch.statement.values);
    lane.committed(batch);
    return batch;
  }

  private madeUp(): StoredRecord {
    return {
      id: newId(),
      createdAt: new Date(),
      tenantId: this.id,
      groupId: this.group.id,
      toolName: 'echo',
      toolId: null,
      callerAppId: null,
      keyId: null,
      userId: null,
      era: '2025-06-18',
      transport: 'streamable_http',
      isTest: false,
      request: '{"message":"made up"}',
      response: null,
      success: true,
      errorKind: null,
      errorMessage: null,
      durationMs: 1.5,
    };
  }

  /** What the schema itself refuses to hold, its owner can let in. */
  async dropChecks(): Promise<void> {
    const checks = await this.sql<{ name: string }>(
      `SELECT conname AS name FROM pg_constraint WHERE conrelid = 'mcp_call_logs'::regclass AND contype = 'c'`,
    );
    for (const { name } of checks) await this.sql(`ALTER TABLE mcp_call_logs DROP CONSTRAINT "${name}"`);
  }

  /** In the order of their chains. */
  rows(): Promise<LoggedRow[]> {
    return this.t.dataSource.query<LoggedRow[]>(
      'SELECT * FROM mcp_call_logs WHERE tenant_id = $1 ORDER BY writer_id, batch_seq, batch_position',
      [this.id],
    );
  }

  /** As an administrator of the database: nothing stands in the way. */
  sql<T = unknown>(statement: string, ...values: unknown[]): Promise<T[]> {
    return this.t.dataSource.query<T[]>(statement, values);
  }

  async checkpoint(): Promise<{ text: string; key_id: string; signature: string }> {
    const made = await inTenant(this.id, () =>
      this.t.app.get(CheckpointsService).makeNow(this.tenant.caller),
    );
    return { text: made.text, key_id: made.keyId, signature: made.signature.toString('base64') };
  }

  async verify(options: Partial<VerifyOptions> = {}): Promise<TenantReport> {
    const all = { from: null, to: null, tenant: this.id, ...options };
    const { reports } = await verifyLog(this.t.config, all);
    return reports[0];
  }

  /** Kinds of what is found, each once, sorted. */
  async found(options: Partial<VerifyOptions> = {}): Promise<string[]> {
    const { findings } = await this.verify(options);
    return [...new Set(findings.map(({ kind }) => kind))].toSorted();
  }
}

export function nameOf(row: LoggedRow): string {
  return `record ${row.id} of ${row.created_at.toISOString()} (batch ${row.writer_id}/${row.batch_seq}, position ${row.batch_position})`;
}

export function jsonLines(values: readonly object[]): string {
  const file = join(mkdtempSync(join(tmpdir(), 'toolcrib-checkpoints-')), 'checkpoints.jsonl');
  writeFileSync(file, values.map((value) => `${JSON.stringify(value)}\n`).join(''));
  return file;
}
