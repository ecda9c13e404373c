import { setImmediate as turn, setTimeout as rest } from 'node:timers/promises';
import { Injectable, Logger, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { DataSource, type EntityManager } from 'typeorm';
import { v7 as newId } from 'uuid';
import { inTenant } from '../../common/request-scope.js';
import { SYSTEM_DATABASE } from '../../common/system-database.js';
import { follow, IN_STRETCH, type StepConnection, type Stretch, stretchParameters } from '../follow.js';
import { RepeatedJob } from '../repeated-job.js';
import { addWords, durationTraits, type Markable, markOf, pairsOf, traitsOf } from './marks.js';
import { SEARCHED_TEXT } from './searched-text.js';

const PAUSE_MS = 2000;
const STEP_RECORDS = 4096;
const CHUNK_RECORDS = 256;
const CHUNK_SPAN_MS = 3_600_000;
/** A longer silence ends a stretch. */
const GAP_MS = 60_000;
/** Records between two breaths of the event loop: about a millisecond of work. */
const BREATH = 16;
const STALE_AT_ONCE = 20;
/** Under load the calls go first: the guide rests for so many times the time that it took. It catches up when there are fewer. */
const REST = 4;
const REST_MAX_MS = 500;

type Place = { readonly id: string; readonly tenantId: string; readonly createdAt: Date };
type Marked = {
  readonly tenantId: string;
  readonly fromAt: Date;
  readonly toAt: Date;
  readonly ids: readonly string[] | null;
};
type Row = Markable & { readonly text: string };

const PLACES = `SELECT id, tenant_id AS "tenantId", created_at AS "createdAt" FROM mcp_call_logs
  WHERE ${IN_STRETCH} ORDER BY tenant_id, created_at, id`;
const ROWS = `SELECT group_id AS "groupId", tool_name AS "toolName", caller_app_id AS "callerAppId", key_id AS "keyId",
    user_id AS "userId", success, error_kind AS "errorKind", duration_ms AS "durationMs", ${SEARCHED_TEXT} AS text
  FROM mcp_call_logs WHERE tenant_id = $1 AND created_at >= $2 AND created_at <= $3 AND ($4::uuid[] IS NULL OR id = ANY ($4))`;
const ADD = `INSERT INTO call_log_chunks (id, tenant_id, from_at, to_at, marks) VALUES ($1, $2, $3, $4, $5)`;
const STALE = `SELECT id, tenant_id AS "tenantId", from_at AS "fromAt", to_at AS "toAt" FROM call_log_chunks WHERE stale LIMIT $1`;
const RENEW = `UPDATE call_log_chunks SET marks = $2, stale = false WHERE id = $1`;
const DROP = `DELETE FROM call_log_chunks WHERE id = $1`;

/**
 * Makes the guide by which search finds records: for each stretch of at most 256 records of a tenant, which words and
 * properties occur in it. It is made behind the writer, so that it costs a call nothing. Payloads are read in the tenant's
 * own unit of work; the guide holds hashes of words only.
 */
@Injectable()
export class GuideJob implements OnApplicationBootstrap, OnApplicationShutdown {
  private readonly job = new RepeatedJob(new Logger(GuideJob.name), {
    name: 'The guide to the call log',
    pauseMs: PAUSE_MS,
    step: () => this.step(),
  });

  constructor(
    @InjectDataSource() private readonly dataSource: DataSource,
    @InjectDataSource(SYSTEM_DATABASE) private readonly system: DataSource,
  ) {}

  onApplicationBootstrap(): void {
    this.job.start();
  }

  async onApplicationShutdown(): Promise<void> {
    await this.job.stop();
  }

  /** @returns Whether more may be waiting. */
  async step(): Promise<boolean> {
    await this.renewStale();
    return follow(this.system, {
      follower: 'guide',
      limit: STEP_RECORDS,
      take: (connection, stretch) => this.mark(connection, stretch),
    });
  }

  /** Marked twice when the step fails at its end, which costs a look and changes nothing. */
  private async mark(connection: StepConnection, stretch: Stretch): Promise<void> {
    const places = (await connection.query(PLACES, stretchParameters(stretch))) as Place[];
    for (const chunk of chunksOf(places)) {
      if (this.job.isStopping) throw new Error('The service stops');
      const [{ tenantId, createdAt: fromAt }, { createdAt: toAt }] = [chunk[0], chunk[chunk.length - 1]];
      const ids = chunk.map(({ id }) => id);
      const startedMs = performance.now();
      await inTenant(tenantId, async () => {
        const marks = await this.marksOf(this.dataSource, { tenantId, fromAt, toAt, ids });
        await this.dataSource.query(ADD, [newId(), tenantId, fromAt, toAt, marks]);
      });
      await rest(Math.min(REST_MAX_MS, REST * (performance.now() - startedMs)));
    }
  }

  private async renewStale(): Promise<void> {
    const stale = await this.system.query<{ id: string; tenantId: string; fromAt: Date; toAt: Date }[]>(
      STALE,
      [STALE_AT_ONCE],
    );
    for (const { id, tenantId, fromAt, toAt } of stale) {
      await inTenant(tenantId, () =>
        this.dataSource.transaction(async (manager) => {
          // Locked first: what is erased while the records are read makes it stale again.
          await manager.query('SELECT FROM call_log_chunks WHERE id = $1 FOR UPDATE', [id]);
          const marks = await this.marksOf(manager, { tenantId, fromAt, toAt, ids: null });
          if (marks.length === 0) await manager.query(DROP, [id]);
          else await manager.query(RENEW, [id, marks]);
        }),
      );
    }
  }

  /**
   * Of a stretch whose records are not known any more, all records of its time count: a mark too many costs a look, one too few
   * hides a record.
   */
  private async marksOf(queryable: Pick<EntityManager, 'query'>, of: Marked): Promise<number[]> {
    const { tenantId, fromAt, toAt, ids } = of;
    const rows = await queryable.query<Row[]>(ROWS, [tenantId, fromAt, toAt, ids]);
    const marks = new Set<number>();
    const known = new Set<string>();
    const combinations = new Map<string, readonly string[]>();
    for (const [index, row] of rows.entries()) {
      if (index % BREATH === BREATH - 1) await turn();
      const traits = [...traitsOf(row), ...durationTraits(row.durationMs)];
      combinations.set(traits.join('\n'), traits);
      addWords(known, row.text);
    }
    for (const traits of combinations.values()) for (const what of pairsOf(traits)) known.add(what);
    for (const what of known) marks.add(markOf(tenantId, what));
    return [...marks].toSorted((a, b) => a - b);
  }
}

/** Neighbours in time of one tenant and one day, so that a record that came late widens no stretch. */
function* chunksOf(places: readonly Place[]): Generator<readonly Place[]> {
  let chunk: Place[] = [];
  for (const place of places) {
    const [first] = chunk;
    const fits =
      chunk.length < CHUNK_RECORDS &&
      first?.tenantId === place.tenantId &&
      place.createdAt.getTime() - chunk[chunk.length - 1].createdAt.getTime() < GAP_MS &&
      place.createdAt.getTime() - first.createdAt.getTime() < CHUNK_SPAN_MS &&
      first.createdAt.toISOString().slice(0, 10) === place.createdAt.toISOString().slice(0, 10);
    if (!fits && chunk.length > 0) {
      yield chunk;
      chunk = [];
    }
    chunk.push(place);
  }
  if (chunk.length > 0) yield chunk;
}
