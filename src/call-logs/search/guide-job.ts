import { setImmediate as turn, setTimeout as rest } from 'node:timers/promises';
import { Injectable, Logger, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { DataSource, type EntityManager } from 'typeorm';
import { newId } from '../../platform/new-id.js';
import { lock } from '../../platform/database/advisory-locks.js';
import { inTenant } from '../../platform/request-scope.js';
import { SYSTEM_DATABASE } from '../../platform/database/system-database.js';
import { Config } from '../../platform/config.js';
import { follow, IN_STRETCH, type StepConnection, type Stretch, stretchParameters } from '../follow.js';
import { RepeatedJob } from '../../platform/repeated-job.js';
import { SEARCHED_TEXT } from './searched-text.js';
import { type Row, StretchMarks } from './stretch-marks.js';
import { dayOf } from './times.js';

const PAUSE_MS = 2000;
const STEP_RECORDS = 4096;
const CHUNK_RECORDS = 256;
const CHUNK_SPAN_MS = 3_600_000;
/** A longer silence ends a stretch. */
const GAP_MS = 60_000;
/** Payloads that are in memory at the same time, when all are as long as the settings let them be. */
const READ_BYTES_MAX = 64 * 1024 * 1024;
/** Arguments and result; one that was cut is JSON within JSON, with up to twice the characters. */
const PAYLOADS_MAX = 4;
/** Text between two breaths of the event loop, in characters: about a millisecond of work. */
const BREATH_LENGTH = 65_536;
/** What a record costs beside its text, in characters. */
const RECORD_LENGTH = 500;
/** Chunks that are made anew before the job looks for new records. */
const RENEWED_AT_ONCE = 20;
/** Under load the calls go first: the guide rests for so many times the time that it took; for less when it is late. */
const REST = 4;
const REST_LATE = 1;
const REST_MAX_MS = 500;
const LATE_MS = 5000;

/** `atMs`: when the call came, since 1970. A Date for each would cost as much as the rest of reading it. */
type Place = { readonly id: string; readonly tenantId: string; readonly atMs: number };
type Stale = { readonly fromAt: Date; readonly toAt: Date };

const PLACE = `id, tenant_id AS "tenantId", round(date_part('epoch', created_at) * 1000) AS "atMs"`;
const PLACES = `SELECT ${PLACE} FROM mcp_call_logs
  WHERE ${IN_STRETCH} ORDER BY tenant_id, created_at, id`;
const ROWS = `SELECT id, group_id AS "groupId", tool_name AS "toolName", caller_app_id AS "callerAppId", key_id AS "keyId",
    user_id AS "userId", success, error_kind AS "errorKind", duration_ms AS "durationMs", ${SEARCHED_TEXT} AS text
  FROM mcp_call_logs WHERE tenant_id = $1 AND created_at >= $2 AND created_at <= $3 AND id = ANY ($4::uuid[])`;
const ADD = `INSERT INTO call_log_chunks (id, tenant_id, from_at, to_at, marks, places, starts) VALUES ($1, $2, $3, $4, $5, $6, $7)`;

const TENANT_WITH_STALE = `SELECT tenant_id AS "tenantId" FROM call_log_chunks WHERE stale ORDER BY tenant_id LIMIT 1`;
/** With those that begin in it. */
const FIRST_STALE = `SELECT from_at AS "fromAt", (SELECT max(to_at) FROM call_log_chunks
    WHERE stale AND tenant_id = $1 AND from_at <= first.to_at) AS "toAt"
  FROM (SELECT from_at, to_at FROM call_log_chunks WHERE stale AND tenant_id = $1 ORDER BY from_at, to_at LIMIT 1) first`;
/** Whole milliseconds, so that none is left that lies on the edge. */
const PLACES_OF_TIME = `SELECT ${PLACE} FROM mcp_call_logs
  WHERE tenant_id = $1 AND created_at >= $2 AND created_at <= $3
  ORDER BY created_at FETCH FIRST ${CHUNK_RECORDS} ROWS WITH TIES`;
const DROP_STALE = `DELETE FROM call_log_chunks WHERE stale AND tenant_id = $1 AND from_at >= $2 AND to_at <= $3`;
const CUT_STALE = `UPDATE call_log_chunks SET from_at = $3::timestamptz + interval '1 ms'
  WHERE stale AND tenant_id = $1 AND from_at >= $2 AND from_at <= $3`;

/**
 * Makes the guide by which search finds records: for each stretch of at most 256 records of a tenant, which words and
 * properties occur in it, and in which sixteenths. It is made behind the writer, so that it costs a call nothing. Payloads are
 * read in the tenant's own unit of work; the guide holds hashes of words only.
 */
@Injectable()
export class GuideJob implements OnApplicationBootstrap, OnApplicationShutdown {
  private readonly job = new RepeatedJob(new Logger(GuideJob.name), {
    name: 'The guide to the call log',
    pauseMs: PAUSE_MS,
    step: () => this.step(),
  });

  private readonly recordsAtOnce: number;

  constructor(
    { env }: Config,
    @InjectDataSource() private readonly dataSource: DataSource,
    @InjectDataSource(SYSTEM_DATABASE) private readonly system: DataSource,
  ) {
    const fitting = Math.floor(READ_BYTES_MAX / (PAYLOADS_MAX * env.CALL_LOG_MAX_BYTES));
    this.recordsAtOnce = Math.min(CHUNK_RECORDS, Math.max(1, fitting));
  }

  onApplicationBootstrap(): void {
    this.job.start();
  }

  async onApplicationShutdown(): Promise<void> {
    await this.job.stop();
  }

  /** @returns Whether more may be waiting. */
  async step(): Promise<boolean> {
    let mayBeStale = true;
    for (let n = 0; n < RENEWED_AT_ONCE && mayBeStale; n += 1) mayBeStale = await this.renewOne();
    const isBehind = await follow(this.system, {
      follower: 'guide',
      limit: STEP_RECORDS,
      take: (connection, stretch) => this.mark(connection, stretch),
    });
    return isBehind || mayBeStale;
  }

  /** Marked twice when the step fails at its end, which costs a look and changes nothing. */
  private async mark(connection: StepConnection, stretch: Stretch): Promise<void> {
    const places = (await connection.query(PLACES, stretchParameters(stretch))) as Place[];
    for (const chunk of chunksOf(places)) {
      if (this.job.isStopping) throw new Error('The service stops');
      const startedMs = performance.now();
      await this.whileNothingIsErased(chunk[0].tenantId, (manager) => this.add(manager, chunk));
      const isLate = Date.now() - chunk[0].atMs > LATE_MS;
      const tookMs = performance.now() - startedMs;
      await rest(Math.min(REST_MAX_MS, (isLate ? REST_LATE : REST) * tookMs));
    }
  }

  /**
   * Makes one chunk of the records at the beginning of what is stale, in the place of all that is stale there: stretches may lie
   * over each other, and each record is to be marked once.
   *
   * @returns Whether there was any.
   */
  private async renewOne(): Promise<boolean> {
    const [tenant] = await this.system.query<{ tenantId: string }[]>(TENANT_WITH_STALE);
    if (!tenant) return false;
    const { tenantId } = tenant;
    await this.whileNothingIsErased(tenantId, async (manager) => {
      const [stale] = await manager.query<Stale[]>(FIRST_STALE, [tenantId]);
      if (!stale) return; // another replica was at it
      const { fromAt, toAt } = stale;
      const places = await manager.query<Place[]>(PLACES_OF_TIME, [tenantId, fromAt, toAt]);
      const upTo = places.length < CHUNK_RECORDS ? toAt : new Date(places[places.length - 1].atMs);
      await manager.query(DROP_STALE, [tenantId, fromAt, upTo]);
      await manager.query(CUT_STALE, [tenantId, fromAt, upTo]);
      if (places.length > 0) await this.add(manager, places);
    });
    return true;
  }

  /** @param places Of one tenant, in the order of time. */
  private async add(manager: EntityManager, places: readonly Place[]): Promise<void> {
    const { tenantId } = places[0];
    const [fromAt, toAt] = [new Date(places[0].atMs), new Date(places[places.length - 1].atMs)];
    const positions = new Map(places.map(({ id }, position) => [id, position]));
    const marks = new StretchMarks(tenantId, places.length);
    let length = 0;
    for (let from = 0; from < places.length; from += this.recordsAtOnce) {
      const ids = places.slice(from, from + this.recordsAtOnce).map(({ id }) => id);
      const rows = await manager.query<(Row & { readonly id: string })[]>(ROWS, [
        tenantId,
        fromAt,
        toAt,
        ids,
      ]);
      for (const row of rows) {
        marks.add(positions.get(row.id) ?? 0, row);
        length += row.text.length + RECORD_LENGTH;
        if (length < BREATH_LENGTH) continue;
        length = 0;
        await turn();
      }
    }
    const result = marks.result();
    const starts = marks.startsOf(places.map(({ atMs }) => atMs)).map((ms) => new Date(ms).toISOString());
    await manager.query(ADD, [newId(), tenantId, fromAt, toAt, result.marks, result.places, starts]);
  }

  private whileNothingIsErased(
    tenantId: string,
    work: (manager: EntityManager) => Promise<void>,
  ): Promise<void> {
    return inTenant(tenantId, () =>
      this.dataSource.transaction(async (manager) => {
        await lock(manager, 'guideMarking'); // see forgetInGuide
        await work(manager);
      }),
    );
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
      place.atMs - chunk[chunk.length - 1].atMs < GAP_MS &&
      place.atMs - first.atMs < CHUNK_SPAN_MS &&
      dayOf(first.atMs) === dayOf(place.atMs);
    if (!fits && chunk.length > 0) {
      yield chunk;
      chunk = [];
    }
    chunk.push(place);
  }
  if (chunk.length > 0) yield chunk;
}
