import type { MigrationInterface, QueryRunner } from 'typeorm';
import { ownByTenant, shareWithAll, SYSTEM_ROLE } from './tenant-owned.js';

/** When and whose, but no payload, no progress. */
const SYSTEM_SEES =
  'id, tenant_id, kind, state, priority, run_at, attempts, losses, retry_seconds, unique_key, unique_for, fence, replica, ' +
  'lease_until, started_at, finished_at';
const SYSTEM_CHANGES =
  'state, run_at, attempts, losses, fence, replica, lease_until, last_error, started_at, finished_at';

/** Durable jobs: what is to be done, what was tried, the steps that are done, and what operators set. */
export class Jobs1790001300000 implements MigrationInterface {
  name = 'Jobs1790001300000';

  async up(queryRunner: QueryRunner): Promise<void> {
    await this.createJobs(queryRunner);
    await this.createAttempts(queryRunner);
    await this.createSteps(queryRunner);
    await this.createSettings(queryRunner);
    const system = `SELECT (${SYSTEM_SEES}), INSERT, UPDATE (${SYSTEM_CHANGES})`;
    await ownByTenant(queryRunner, 'jobs', { system });
    await ownByTenant(queryRunner, 'job_attempts', { system: 'INSERT' });
    await ownByTenant(queryRunner, 'job_steps');
    await ownByTenant(queryRunner, 'job_settings', { system: 'SELECT' });
    await shareWithAll(queryRunner, 'job_schedules', { system: 'SELECT, INSERT, UPDATE' });
    await this.createClaim(queryRunner);
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`DROP FUNCTION claim_jobs(text, float8, integer, text[], integer[], integer[])`);
    await queryRunner.query(`DROP TABLE "job_schedules"`);
    await queryRunner.query(`DROP TABLE "job_settings"`);
    await queryRunner.query(`DROP TABLE "job_steps"`);
    await queryRunner.query(`DROP TABLE "job_attempts"`);
    await queryRunner.query(`DROP TABLE "jobs"`);
  }

  private async createJobs(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`
      CREATE TABLE "jobs" (
          "id" uuid NOT NULL,
          "tenant_id" uuid NOT NULL,
          "kind" character varying(64) NOT NULL,
          "payload" jsonb NOT NULL,
          "state" character varying(16) NOT NULL DEFAULT 'queued',
          "priority" integer NOT NULL DEFAULT '0',
          "run_at" TIMESTAMP(3) WITH TIME ZONE NOT NULL DEFAULT now(),
          "attempts" integer NOT NULL DEFAULT '0',
          "losses" integer NOT NULL DEFAULT '0',
          "retry_seconds" integer array,
          "unique_key" character varying(200),
          "unique_for" character varying(8) NOT NULL DEFAULT 'open',
          "fence" integer NOT NULL DEFAULT '0',
          "replica" character varying(255),
          "lease_until" TIMESTAMP(3) WITH TIME ZONE,
          "progress" jsonb,
          "last_error" character varying(500),
          "created_at" TIMESTAMP(3) WITH TIME ZONE NOT NULL DEFAULT now(),
          "started_at" TIMESTAMP(3) WITH TIME ZONE,
          "finished_at" TIMESTAMP(3) WITH TIME ZONE,
          CONSTRAINT "UQ_0bee3a0c71d8edd06da8dda797b" UNIQUE ("tenant_id", "id"),
          CONSTRAINT "PK_cf0a6c42b72fcc7f7c237def345" PRIMARY KEY ("id")
      )
    `);
    for (const index of [
      `INDEX "ix_jobs_claim" ON "jobs" ("kind", "priority", "run_at", "id") WHERE "state" = 'queued'`,
      `INDEX "ix_jobs_due" ON "jobs" ("kind", "run_at") WHERE "state" = 'queued'`,
      `INDEX "ix_jobs_running" ON "jobs" ("kind", "lease_until") WHERE "state" = 'running'`,
      `INDEX "ix_jobs_tenant" ON "jobs" ("tenant_id", "state", "id")`,
      `UNIQUE INDEX "uq_jobs_key" ON "jobs" ("tenant_id", "kind", "unique_key")
         WHERE "unique_key" IS NOT NULL AND ("unique_for" = 'ever' OR "state" IN ('queued', 'running', 'dead'))`,
    ]) {
      await queryRunner.query(`CREATE ${index}`);
    }
    await queryRunner.query(`
      ALTER TABLE "jobs" ADD CONSTRAINT "FK_6da9e1074e2c60f9c4a422a0a62"
        FOREIGN KEY ("tenant_id") REFERENCES "tenants"("id") ON DELETE CASCADE ON UPDATE NO ACTION
    `);
  }

  private async createAttempts(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`
      CREATE TABLE "job_attempts" (
          "job_id" uuid NOT NULL,
          "number" integer NOT NULL,
          "tenant_id" uuid NOT NULL,
          "outcome" character varying(16) NOT NULL,
          "replica" character varying(255),
          "step" character varying(100),
          "error" character varying(500),
          "started_at" TIMESTAMP(3) WITH TIME ZONE,
          "finished_at" TIMESTAMP(3) WITH TIME ZONE NOT NULL DEFAULT now(),
          CONSTRAINT "PK_70c5c39d9aed55e9240c26e0253" PRIMARY KEY ("job_id", "number")
      )
    `);
    await queryRunner.query(
      `CREATE INDEX "ix_job_attempts_tenant" ON "job_attempts" ("tenant_id", "finished_at")`,
    );
    await queryRunner.query(`
      ALTER TABLE "job_attempts" ADD CONSTRAINT "FK_9af010ef9a4fbf9537520788530"
        FOREIGN KEY ("tenant_id", "job_id") REFERENCES "jobs"("tenant_id", "id") ON DELETE CASCADE ON UPDATE NO ACTION
    `);
  }

  private async createSteps(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`
      CREATE TABLE "job_steps" (
          "job_id" uuid NOT NULL,
          "name" character varying(100) NOT NULL,
          "tenant_id" uuid NOT NULL,
          "result" jsonb,
          "attempt" integer NOT NULL,
          "duration_ms" integer NOT NULL,
          "finished_at" TIMESTAMP(3) WITH TIME ZONE NOT NULL DEFAULT now(),
          CONSTRAINT "PK_9e6c1bc2de7e14cefeed5d22274" PRIMARY KEY ("job_id", "name")
      )
    `);
    await queryRunner.query(`
      ALTER TABLE "job_steps" ADD CONSTRAINT "FK_93a96565ccb47d2fa9363a2e715"
        FOREIGN KEY ("tenant_id", "job_id") REFERENCES "jobs"("tenant_id", "id") ON DELETE CASCADE ON UPDATE NO ACTION
    `);
  }

  private async createSettings(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`
      CREATE TABLE "job_settings" (
          "id" uuid NOT NULL,
          "tenant_id" uuid NOT NULL,
          "kind" character varying(64) NOT NULL,
          "retry_seconds" integer array NOT NULL,
          "timeout_seconds" integer,
          "version" integer NOT NULL DEFAULT '1',
          "created_at" TIMESTAMP(3) WITH TIME ZONE NOT NULL DEFAULT now(),
          "updated_at" TIMESTAMP(3) WITH TIME ZONE NOT NULL DEFAULT now(),
          CONSTRAINT "PK_6a78207c7bae0e78896076f3e0c" PRIMARY KEY ("id")
      )
    `);
    await queryRunner.query(
      `CREATE UNIQUE INDEX "uq_job_settings_kind" ON "job_settings" ("tenant_id", "kind")`,
    );
    await queryRunner.query(`
      ALTER TABLE "job_settings" ADD CONSTRAINT "FK_e499dda01075d390adab2d85070"
        FOREIGN KEY ("tenant_id") REFERENCES "tenants"("id") ON DELETE CASCADE ON UPDATE NO ACTION
    `);
    await queryRunner.query(`
      CREATE TABLE "job_schedules" (
          "kind" character varying(64) NOT NULL,
          "last_slot" TIMESTAMP(3) WITH TIME ZONE NOT NULL,
          CONSTRAINT "PK_0e5a242cf11220a8618277d9eb9" PRIMARY KEY ("kind")
      )
    `);
  }

  /**
   * Runs with the rights of whoever calls it, the system role. In one statement, so that a process that hangs in the middle holds
   * up nobody; behind one lock, so that what is counted stays true until it is taken.
   */
  private async createClaim(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`
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
      END $$
    `);
    const signature = 'claim_jobs(text, float8, integer, text[], integer[], integer[])';
    await queryRunner.query(`REVOKE ALL ON FUNCTION ${signature} FROM PUBLIC`);
    await queryRunner.query(`GRANT EXECUTE ON FUNCTION ${signature} TO ${SYSTEM_ROLE}`);
  }
}
