import { Injectable } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { DataSource } from 'typeorm';
import { AuditTrail } from '../../access/audit/audit-trail.js';
import type { UserCaller } from '../../access/caller.js';
import type { Download } from '../../platform/rest/download.js';
import { endingOf } from '../../platform/ending.js';
import { inTenant } from '../../platform/request-scope.js';
import type { CallExportQueryDto, CallFilterDto } from '../call-logs.dto.js';
import { conditionOf } from './call-filter.js';
import { type Before, CallSearch, matching } from './call-search.js';
import { csvBeginning } from '../../platform/rest/csv.js';
import { CSV_HEADER, type ExportFormat, LINE } from './export-line.js';
import { type Page, readPage } from './export-page.js';
import { type Region, regionQuery } from './region-query.js';
import { beginningsOfPartitions, oldestCall } from '../storage/stretches.js';
import { byDay, earlier, later } from './times.js';

type Export = {
  readonly tenantId: string;
  readonly filter: Pick<CallFilterDto, keyof CallFilterDto>;
  readonly format: ExportFormat;
  readonly bom: boolean | undefined;
  readonly signal: AbortSignal;
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
    { format, bom, ...filter }: CallExportQueryDto,
    signal: AbortSignal,
  ): Promise<Download> {
    const upToNow = { ...filter, to: filter.to ?? new Date() };
    conditionOf(caller.tenantId, upToNow); // refuses what cannot be sought before anything is sent
    await this.audit.recordAct(caller, { action: 'calls.export', after: { format, ...filter } });
    return {
      contentType:
        format === 'csv' ? 'text/csv; charset=utf-8; header=present' : 'application/jsonl; charset=utf-8',
      fileName: `calls-${new Date().toISOString().slice(0, 10)}.${format}`,
      content: this.content({ tenantId: caller.tenantId, filter: upToNow, format, bom, signal }),
    };
  }

  /** In pieces of a few dozen lines. At most a page of them is in memory, and the records of one fetch. */
  private async *content(wanted: Export): AsyncGenerator<string> {
    if (wanted.format === 'csv') yield csvBeginning(CSV_HEADER, wanted.bom);
    try {
      for await (const region of this.regions(wanted)) {
        let before: Before | undefined;
        do {
          const page = await this.page(wanted, region, before);
          yield* page.pieces;
          before = page.before;
        } while (before);
      }
    } catch (error) {
      if (!wanted.signal.aborted) throw error; // nobody reads it any more
    }
  }

  /** Day by day, for every page is planned anew. */
  private async *regions(wanted: Export): AsyncGenerator<Region> {
    const { tenantId, filter } = wanted;
    const from = await this.beginningOf(wanted);
    if (!from) return;
    const [oldest] = await within(wanted, () => beginningsOfPartitions(this.dataSource));
    const sought = { filter: { ...filter, from: later(filter.from ?? from, from) } };
    const regions = this.search.regions(tenantId, sought);
    for (;;) {
      const next = await within(wanted, () => regions.next());
      if (next.done) return;
      const { region } = next.value;
      if (region.parts) yield region;
      else for (const { piece } of byDay(region.span, oldest)) yield { span: piece };
    }
  }

  private async beginningOf(wanted: Export): Promise<Date | undefined> {
    return within(wanted, () => oldestCall(this.dataSource, wanted.tenantId));
  }

  /** Each its own unit of work: no connection is held while the client reads. */
  private async page(wanted: Export, region: Region, before: Before | undefined): Promise<Page> {
    const { tenantId, filter, format } = wanted;
    const { from, before: end } = region.span;
    const query = regionQuery(
      { ...region, span: { from, before: before ? earlier(end, new Date(before.at.getTime() + 1)) : end } },
      {
        condition: matching(tenantId, filter, before),
        columns: `id, created_at AS "createdAt", ${LINE[format]} AS line`,
      },
    );
    return query ? within(wanted, () => this.fetch(query, format)) : { pieces: [] };
  }

  private async fetch(
    query: { readonly sql: string; readonly parameters: readonly unknown[] },
    format: ExportFormat,
  ): Promise<Page> {
    const runner = this.dataSource.createQueryRunner();
    await runner.startTransaction();
    try {
      return await readPage(runner, { ...query, format });
    } finally {
      await runner.rollbackTransaction().catch(() => undefined); // ends the cursor; a cancelled connection is gone
      await runner.release();
    }
  }
}

function within<T>({ tenantId, signal }: Export, work: () => Promise<T>): Promise<T> {
  return inTenant(tenantId, work, endingOf(signal));
}
