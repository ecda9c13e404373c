import { Injectable } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { DataSource } from 'typeorm';
import { AuditTrail } from '../../audit/audit-trail.js';
import type { UserCaller } from '../../auth/caller.js';
import { toCsvCell } from '../../common/csv.js';
import type { Download } from '../../common/download.js';
import { inTenant } from '../../common/request-scope.js';
import type { CallExportQueryDto, CallFilterDto } from '../call-logs.dto.js';
import { type Before, CallSearch } from './call-search.js';
import { type Condition, conditionOf, marksFor } from './call-filter.js';

/** Records of the first page, and of any: a page costs the planner a look at every partition, so fewer pages are faster. */
const PAGE_FIRST = 64;
const PAGE_MAX = 1000;
/** What a page should come to: records differ in size by a factor of a thousand. */
const PAGE_CHARACTERS = 2_000_000;

/** Columns of the file and the SQL of each, the times as JSON has them. */
const COLUMNS = {
  id: 'id',
  created_at: `to_char(created_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')`,
  tool_name: 'tool_name',
  tool_id: 'tool_id',
  group_id: 'group_id',
  caller_app_id: 'caller_app_id',
  key_id: 'key_id',
  user_id: 'user_id',
  era: 'era',
  transport: 'transport',
  is_test: 'is_test',
  success: 'success',
  error_kind: 'error_kind',
  error_message: 'error_message',
  duration_ms: 'duration_ms',
  request_data: 'request_data',
  response_data: 'response_data',
} as const;
const NAMES = Object.keys(COLUMNS);

/** The database writes the lines of JSON itself: making objects of them here first would take most of the time. */
const LINE = {
  jsonl: `json_build_object(${Object.entries(COLUMNS)
    .map(([name, sql]) => `'${name}', ${sql}`)
    .join(', ')})::text AS line`,
  csv: `ARRAY[${Object.values(COLUMNS)
    .map((sql) => `(${sql})::text`)
    .join(', ')}] AS cells`,
} as const;

type Row = {
  readonly id: string;
  readonly createdAt: Date;
  readonly line?: string;
  readonly cells?: (string | null)[];
};

type Page = {
  readonly filter: CallFilterDto;
  readonly format: 'jsonl' | 'csv';
  readonly before?: Before;
  readonly limit: number;
};

/** Everything that the filters let through, as a file that is sent while it is read. */
@Injectable()
export class CallExport {
  constructor(
    @InjectDataSource() private readonly dataSource: DataSource,
    private readonly search: CallSearch,
    private readonly audit: AuditTrail,
  ) {}

  /**
   * Newest first, up to the moment it begins. That somebody took it is on record.
   *
   * @param signal Aborts when the client hangs up: the query that is running is cancelled.
   */
  async open(
    caller: UserCaller,
    { format, ...filter }: CallExportQueryDto,
    signal: AbortSignal,
  ): Promise<Download> {
    const to = filter.to ?? new Date();
    const matching = { ...filter, to };
    conditionOf(caller.tenantId, matching); // refuses what cannot be sought before anything is sent
    await this.audit.recordAct(caller, { action: 'calls.export', after: { format, ...filter } });
    return {
      contentType:
        format === 'csv' ? 'text/csv; charset=utf-8; header=present' : 'application/jsonl; charset=utf-8',
      fileName: `calls-${new Date().toISOString().slice(0, 10)}.${format}`,
      content: this.lines(caller.tenantId, { filter: matching, format, signal }),
    };
  }

  private async *lines(
    tenantId: string,
    { filter, format, signal }: { filter: CallFilterDto; format: 'jsonl' | 'csv'; signal: AbortSignal },
  ): AsyncGenerator<string> {
    if (format === 'csv') yield `${NAMES.join(',')}\r\n`;
    const isGuided = marksFor(tenantId, filter) !== undefined;
    let before: Before | undefined;
    let limit = PAGE_FIRST;
    while (!signal.aborted) {
      const rows = isGuided
        ? await this.found(tenantId, { filter, format, before, limit })
        : await this.page(tenantId, { filter, format, before, limit, signal });
      let characters = 0;
      for (const row of rows) {
        const text = toText(row);
        characters += text.length;
        yield text;
      }
      const last = rows.at(-1);
      if (rows.length < limit || !last) return;
      limit = Math.max(1, Math.min(PAGE_MAX, Math.floor((limit * PAGE_CHARACTERS) / characters)));
      before = { at: last.createdAt, id: last.id };
    }
  }

  /** Where the guide finds the records, they are read by their keys. */
  private async found(tenantId: string, { filter, format, before, limit }: Page): Promise<Row[]> {
    return inTenant(tenantId, async () => {
      const calls = await this.search.find(tenantId, { filter, before, limit });
      return this.dataSource.query<Row[]>(
        `SELECT id, created_at AS "createdAt", ${LINE[format]} FROM mcp_call_logs
         WHERE tenant_id = $1 AND (id, created_at) IN (SELECT * FROM unnest($2::uuid[], $3::timestamptz[]))
         ORDER BY created_at DESC, id DESC`,
        [tenantId, calls.map(({ id }) => id), calls.map(({ createdAt }) => createdAt.toISOString())],
      );
    });
  }

  /** Page by page, each its own unit of work: no connection is held while the client reads. */
  private async page(tenantId: string, sought: Page & { readonly signal: AbortSignal }): Promise<Row[]> {
    const { filter, format, before, limit, signal } = sought;
    const condition = conditionOf(tenantId, filter);
    if (before)
      condition.and('created_at <= ? AND (created_at, id) < (?, ?)', before.at, before.at, before.id);
    const sql = `SELECT id, created_at AS "createdAt", ${LINE[format]} FROM mcp_call_logs
      WHERE ${condition.sql} ORDER BY created_at DESC, id DESC LIMIT ${limit}`;
    return inTenant(tenantId, () => this.cancellable(sql, condition, signal));
  }

  private async cancellable(sql: string, { parameters }: Condition, signal: AbortSignal): Promise<Row[]> {
    const runner = this.dataSource.createQueryRunner();
    let cancelling: Promise<unknown> | undefined;
    try {
      const [{ pid }] = (await runner.query('SELECT pg_backend_pid() AS pid')) as [{ pid: number }];
      const cancel = () => {
        cancelling = this.dataSource.query('SELECT pg_cancel_backend($1)', [pid]).catch(() => undefined);
      };
      signal.addEventListener('abort', cancel, { once: true });
      try {
        return (await runner.query(sql, parameters)) as Row[];
      } finally {
        signal.removeEventListener('abort', cancel);
      }
    } catch (error) {
      if (signal.aborted) return [];
      throw error;
    } finally {
      await cancelling; // or it would meet whoever has the connection next
      await runner.release();
    }
  }
}

function toText({ line, cells }: Row): string {
  if (line !== undefined) return `${line.includes('\n') ? JSON.stringify(JSON.parse(line)) : line}\n`;
  return `${(cells ?? []).map(toCsvCell).join(',')}\r\n`;
}
