import type { MigrationInterface, QueryRunner } from 'typeorm';
import { shareWithAll, SYSTEM_ROLE } from './tenant-owned.js';

/** The functions of the schema that remove what has expired. */
const REMOVING = ['list_call_log_holdings', 'drop_call_log_partition', 'remove_expired_call_logs'];

/**
 * What removes for good goes by a time that is trusted: the database's, unless it has leapt. `clock_mark` says how far time is known to
 * have come; a service that runs moves it on. `database_clock` is the one place that tells what time it is, and tests replace it.
 */
export class TrustedClock1790021000100 implements MigrationInterface {
  name = 'TrustedClock1790021000100';

  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`
      CREATE FUNCTION database_clock() RETURNS timestamptz LANGUAGE sql VOLATILE AS 'SELECT clock_timestamp()'
    `);
    await queryRunner.query(`
      CREATE TABLE "clock_mark" (
          "id" boolean NOT NULL DEFAULT true,
          "reached_at" TIMESTAMP WITH TIME ZONE NOT NULL,
          "leap_max" interval NOT NULL DEFAULT '72 hours',
          CONSTRAINT "PK_clock_mark" PRIMARY KEY ("id"),
          CONSTRAINT "CHK_clock_mark_one" CHECK ("id")
      )
    `);
    // An installation that has data knows from it how far time had come.
    await queryRunner.query(
      `INSERT INTO "clock_mark" ("reached_at") SELECT least(now(), coalesce(max(last_seen_at), now())) FROM replicas`,
    );
    await shareWithAll(queryRunner, 'clock_mark', { app: 'SELECT', system: 'SELECT, UPDATE' });
    // Without its row it is no time at all, and nothing is removed.
    await queryRunner.query(`
      CREATE FUNCTION trusted_now() RETURNS timestamptz LANGUAGE sql STABLE SET search_path = public, pg_temp AS $$
        SELECT CASE WHEN database_clock() <= reached_at + leap_max THEN database_clock() ELSE reached_at END FROM clock_mark
      $$
    `);
    await this.replace(queryRunner, 'now()', 'trusted_now()');
    // Which jobs were made at a time that has not come yet.
    await queryRunner.query(`GRANT SELECT (created_at) ON "jobs" TO ${SYSTEM_ROLE}`);
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`REVOKE SELECT (created_at) ON "jobs" FROM ${SYSTEM_ROLE}`);
    await this.replace(queryRunner, 'trusted_now()', 'now()');
    await queryRunner.query('DROP FUNCTION trusted_now()');
    await queryRunner.query('DROP TABLE "clock_mark"');
    await queryRunner.query('DROP FUNCTION database_clock()');
  }

  private async replace(queryRunner: QueryRunner, old: string, by: string): Promise<void> {
    for (const name of REMOVING)
      await queryRunner.query(`
        DO $$ BEGIN
          EXECUTE replace(pg_get_functiondef('${name}'::regproc), '(${old} AT TIME ZONE', '(${by} AT TIME ZONE');
        END $$
      `);
  }
}
