import type { MigrationInterface, QueryRunner } from 'typeorm';
import { shareWithAll, SYSTEM_ROLE } from './tenant-owned.js';

const CLAIM = 'claim_jobs(text, float8, integer, text[], integer[], integer[])';
const LANES = 'job_lanes(text, uuid, integer, timestamptz)';
/**
 * A queue changes faster than anybody counts it. So the planner is not asked to weigh: what is wanted is always the first few
 * entries of an index.
 */
const PLANNING = `SET search_path = pg_catalog, pg_temp SET plan_cache_mode = force_generic_plan SET enable_seqscan = off
  SET enable_bitmapscan = off SET enable_hashjoin = off SET enable_mergejoin = off SET jit = off`;
/** Tenants of one kind that a claim looks at. Behind those that it found, the oldest jobs of whomever fill the places. */
const LANES_MAX = 64;
const NOBODY = `'00000000-0000-0000-0000-000000000000'::uuid`;

/** Jobs of one kind go by priority, then tenant by tenant; kinds take turns, too. What waits costs nothing, however much it is. */
export class FairJobs1790001450000 implements MigrationInterface {
  name = 'FairJobs1790001450000';

  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`
      CREATE TABLE "job_turns" (
          "kind" character varying(64) NOT NULL,
          "tenant_id_reached" uuid NOT NULL,
          "served_at" TIMESTAMP(3) WITH TIME ZONE,
          CONSTRAINT "PK_e2c0a1ae325baf5ab3beee47439" PRIMARY KEY ("kind")
      )
    `);
    await shareWithAll(queryRunner, 'job_turns', { system: 'SELECT, INSERT, UPDATE' });
    await queryRunner.query(
      `CREATE INDEX "ix_jobs_lane" ON "jobs" ("kind", "tenant_id", "priority", "run_at", "id") WHERE "state" = 'queued'`,
    );
    // One tenant may have nearly all of what waits. A planner that counted that would look for the others' among its jobs.
    await queryRunner.query(`ALTER TABLE "jobs" ALTER COLUMN "tenant_id" SET (n_distinct = 1000)`);
    await this.createLanes(queryRunner);
    await this.createClaim(queryRunner);
    for (const signature of [CLAIM, LANES]) {
      await queryRunner.query(`REVOKE ALL ON FUNCTION ${signature} FROM PUBLIC`);
      await queryRunner.query(`GRANT EXECUTE ON FUNCTION ${signature} TO ${SYSTEM_ROLE}`);
    }
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`DROP FUNCTION ${CLAIM}`);
    await queryRunner.query(`DROP FUNCTION ${LANES}`);
    await queryRunner.query(`ALTER TABLE "jobs" ALTER COLUMN "tenant_id" RESET (n_distinct)`);
    await queryRunner.query(`DROP INDEX "ix_jobs_lane"`);
    await queryRunner.query(`DROP TABLE "job_turns"`);
    await queryRunner.query(CLAIM_BEFORE);
    await queryRunner.query(`REVOKE ALL ON FUNCTION ${CLAIM} FROM PUBLIC`);
    await queryRunner.query(`GRANT EXECUTE ON FUNCTION ${CLAIM} TO ${SYSTEM_ROLE}`);
  }

  /**
   * The tenants that have jobs of a kind waiting, in a circle that begins behind one of them, until enough of them have jobs that
   * are due. Goes from tenant to tenant through the index, past however many jobs each has.
   */
  private async createLanes(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`
      CREATE FUNCTION job_lanes(of_kind text, behind uuid, enough integer, moment timestamptz)
      RETURNS TABLE (lane uuid, turn integer, is_due boolean)
      LANGUAGE plpgsql ${PLANNING} AS $$
      DECLARE
        is_second_half boolean := false;
      BEGIN
        lane := behind;
        turn := 0;
        WHILE enough > 0 AND turn < ${LANES_MAX} LOOP
          SELECT j.tenant_id INTO lane FROM public.jobs j WHERE j.state = 'queued' AND j.kind = of_kind AND j.tenant_id > lane
          ORDER BY j.kind, j.tenant_id LIMIT 1;
          IF is_second_half THEN
            EXIT WHEN lane IS NULL OR lane > behind;
          ELSIF lane IS NULL THEN
            is_second_half := true;
            lane := ${NOBODY};
            CONTINUE;
          END IF;
          turn := turn + 1;
          is_due := EXISTS (SELECT FROM public.tenants t WHERE t.id = lane AND t.enabled AND t.removing_at IS NULL)
            AND EXISTS (SELECT FROM public.jobs j
              WHERE j.state = 'queued' AND j.kind = of_kind AND j.tenant_id = lane AND j.run_at <= moment);
          IF is_due THEN enough := enough - 1; END IF;
          RETURN NEXT;
        END LOOP;
      END $$
    `);
  }

  /** As before: the rights of the caller, one statement, one lock. */
  private async createClaim(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`DROP FUNCTION ${CLAIM}`);
    await queryRunner.query(`
      CREATE FUNCTION claim_jobs(by_replica text, lease_seconds float8, most integer, kinds text[], places integer[], totals integer[])
      RETURNS TABLE (job_id uuid, job_tenant_id uuid, job_kind text, job_fence integer, job_retry_seconds integer[])
      LANGUAGE plpgsql ${PLANNING} AS $$
      DECLARE
        moment timestamptz;
        chosen uuid[];
      BEGIN
        PERFORM pg_catalog.pg_advisory_xact_lock(7210031);
        moment := clock_timestamp(); -- stands still, so that indexes can be asked for it
        WITH room AS MATERIALIZED (
          SELECT k.kind, coalesce(t.tenant_id_reached, ${NOBODY}) AS reached, t.served_at,
            CASE WHEN k.total IS NULL THEN k.places ELSE least(k.places, k.total - (
              SELECT count(*)::integer FROM public.jobs r WHERE r.state = 'running' AND r.kind = k.kind)) END AS places
          FROM unnest(kinds, places, totals) AS k(kind, places, total) LEFT JOIN public.job_turns t ON t.kind = k.kind),
        lanes AS MATERIALIZED (
          SELECT room.kind, room.places, l.lane, l.turn, l.is_due, count(*) FILTER (WHERE l.is_due) OVER (PARTITION BY room.kind) AS due
          FROM room CROSS JOIN LATERAL public.job_lanes(room.kind, room.reached, room.places, moment) AS l),
        in_turn AS MATERIALIZED (
          SELECT lanes.kind, lanes.lane, lanes.turn, first.id, first.priority, first.run_at,
            row_number() OVER (PARTITION BY lanes.kind, lanes.lane ORDER BY first.priority, first.run_at, first.id) AS lap
          FROM lanes CROSS JOIN LATERAL (
            SELECT j.id, j.priority, j.run_at FROM public.jobs j
            WHERE j.state = 'queued' AND j.kind = lanes.kind AND j.tenant_id = lanes.lane AND j.run_at <= moment
            ORDER BY j.priority, j.run_at, j.id LIMIT ceil(lanes.places::numeric / lanes.due)::integer
            FOR NO KEY UPDATE OF j SKIP LOCKED) AS first
          WHERE lanes.is_due),
        oldest AS MATERIALIZED (
          SELECT room.kind, first.tenant_id AS lane, first.id, first.priority, first.run_at
          FROM room CROSS JOIN LATERAL (
            SELECT j.id, j.tenant_id, j.priority, j.run_at FROM public.jobs j
            WHERE j.state = 'queued' AND j.kind = room.kind AND j.run_at <= moment
            ORDER BY j.priority, j.run_at, j.id LIMIT greatest(room.places, 0) FOR NO KEY UPDATE OF j SKIP LOCKED) AS first
          WHERE (SELECT t.enabled AND t.removing_at IS NULL FROM public.tenants t WHERE t.id = first.tenant_id)
            AND NOT EXISTS (SELECT FROM in_turn WHERE in_turn.id = first.id)),
        ranked AS (
          SELECT c.kind, c.lane, c.turn, c.id, c.priority,
            row_number() OVER (PARTITION BY c.kind ORDER BY c.priority, c.lap NULLS LAST, c.turn, c.run_at, c.id) AS place
          FROM (SELECT kind, lane, turn, id, priority, run_at, lap FROM in_turn
            UNION ALL SELECT kind, lane, NULL, id, priority, run_at, NULL FROM oldest) AS c),
        taken AS MATERIALIZED (
          SELECT ranked.* FROM ranked JOIN room ON room.kind = ranked.kind WHERE ranked.place <= room.places
          ORDER BY ranked.priority, ranked.place, room.served_at NULLS FIRST, room.kind LIMIT most),
        turned AS (
          INSERT INTO public.job_turns AS t (kind, tenant_id_reached, served_at)
          SELECT DISTINCT ON (lanes.kind) lanes.kind, lanes.lane,
            CASE WHEN lanes.kind IN (SELECT taken.kind FROM taken) THEN moment END FROM lanes
          WHERE lanes.due = 0 OR (lanes.kind, lanes.turn) IN (SELECT taken.kind, taken.turn FROM taken)
          ORDER BY lanes.kind, lanes.turn DESC
          ON CONFLICT (kind) DO UPDATE
            SET tenant_id_reached = EXCLUDED.tenant_id_reached, served_at = coalesce(EXCLUDED.served_at, t.served_at))
        SELECT array_agg(taken.id) INTO chosen FROM taken;
        RETURN QUERY
        UPDATE public.jobs j SET state = 'running', fence = j.fence + 1, replica = by_replica, started_at = clock_timestamp(),
          lease_until = clock_timestamp() + make_interval(secs => lease_seconds), finished_at = NULL
        WHERE j.id = ANY (chosen)
        RETURNING j.id, j.tenant_id, j.kind::text, j.fence, j.retry_seconds;
      END $$
    `);
  }
}

/** As migration `jobs` made it. */
const CLAIM_BEFORE = `
  CREATE FUNCTION claim_jobs(by_replica text, lease_seconds float8, most integer, kinds text[], places integer[], totals integer[])
  RETURNS TABLE (job_id uuid, job_tenant_id uuid, job_kind text, job_fence integer, job_retry_seconds integer[])
  LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
  BEGIN
    PERFORM pg_catalog.pg_advisory_xact_lock(7210031);
    RETURN QUERY
    WITH room AS MATERIALIZED (
      SELECT k.kind, CASE WHEN k.total IS NULL THEN k.places ELSE least(k.places, k.total - (
          SELECT count(*)::integer FROM public.jobs r WHERE r.state = 'running' AND r.kind = k.kind)) END AS places
      FROM unnest(kinds, places, totals) AS k(kind, places, total)),
    due AS MATERIALIZED (
      SELECT first.id FROM room CROSS JOIN LATERAL (
        SELECT j.id, j.priority, j.run_at FROM public.jobs j
        WHERE j.state = 'queued' AND j.kind = room.kind AND j.run_at <= clock_timestamp()
          AND EXISTS (SELECT FROM public.tenants t WHERE t.id = j.tenant_id AND t.enabled AND t.removing_at IS NULL)
        ORDER BY j.priority, j.run_at, j.id LIMIT greatest(room.places, 0) FOR UPDATE OF j SKIP LOCKED) AS first
      ORDER BY first.priority, first.run_at, first.id LIMIT most)
    UPDATE public.jobs j SET state = 'running', fence = j.fence + 1, replica = by_replica, started_at = clock_timestamp(),
      lease_until = clock_timestamp() + make_interval(secs => lease_seconds), finished_at = NULL
    FROM due WHERE j.id = due.id
    RETURNING j.id, j.tenant_id, j.kind::text, j.fence, j.retry_seconds;
  END $$`;
