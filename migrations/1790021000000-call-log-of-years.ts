import type { MigrationInterface, QueryRunner } from 'typeorm';
import { APP_ROLE, SYSTEM_ROLE } from './tenant-owned.js';

const NEXT = 'next_call_logs_within(bigint, uuid, bigint, uuid, integer, timestamptz, timestamptz)';
const OLDEST = 'oldest_call_log_within(bigint, uuid, integer, timestamptz, timestamptz)';
const ERASE = 'erase_call_records_within(uuid[], timestamptz, timestamptz)';

/**
 * Erasing, and those who follow the log, look at the partitions of a time and not at all there are. The times are part of a statement's
 * text, so that its plan opens and locks these only; the functions before them stay for replicas of the version before.
 */
export class CallLogOfYears1790021000000 implements MigrationInterface {
  name = 'CallLogOfYears1790021000000';

  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`
      CREATE FUNCTION erase_call_records_within(ids uuid[], from_at timestamptz, before_at timestamptz) RETURNS SETOF uuid
      LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
      BEGIN
        RETURN QUERY EXECUTE format($sql$
          UPDATE public.mcp_call_logs SET
            request_commitment = CASE WHEN salt IS NULL THEN ''::bytea ELSE sha256(convert_to(
              E'toolcrib request v1\\n' || encode(salt, 'hex') || E'\\n' || coalesce('+' || request_data::text, '-'), 'UTF8')) END,
            response_commitment = CASE WHEN salt IS NULL THEN ''::bytea ELSE sha256(convert_to(
              E'toolcrib response v1\\n' || encode(salt, 'hex') || E'\\n'
                || coalesce(octet_length(error_message) || ':' || error_message || ',', '-,')
                || coalesce('+' || response_data::text, '-'), 'UTF8')) END,
            request_data = NULL, response_data = NULL, error_message = NULL, salt = NULL
          WHERE tenant_id = public.current_tenant_id() AND id = ANY ($1) AND created_at >= %L AND created_at < %L
            AND request_commitment IS NULL
          RETURNING id
        $sql$, from_at, before_at) USING ids;
      END $$
    `);
    await queryRunner.query(`REVOKE EXECUTE ON FUNCTION ${ERASE} FROM PUBLIC`);
    await queryRunner.query(`GRANT EXECUTE ON FUNCTION ${ERASE} TO ${APP_ROLE}`);
    await this.follow(queryRunner);
  }

  private async follow(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`
      CREATE FUNCTION next_call_logs_within(after_recorded_in bigint, after_id uuid, below_recorded_in bigint, below_id uuid,
        at_most integer, from_at timestamptz, before_at timestamptz)
      RETURNS TABLE (recorded_in bigint, id uuid, records integer)
      LANGUAGE plpgsql STABLE SET search_path = public, pg_temp
      SET enable_seqscan = off SET enable_bitmapscan = off SET enable_sort = off AS $$
      BEGIN
        RETURN QUERY EXECUTE format($sql$
          SELECT n.recorded_in, n.id, n.place::integer FROM (
            SELECT l.recorded_in, l.id, row_number() OVER (ORDER BY l.recorded_in, l.id) AS place FROM mcp_call_logs l
            WHERE (l.recorded_in, l.id) > ($1, $2) AND (l.recorded_in, l.id) < ($3, $4)
              AND l.created_at >= %L AND l.created_at < %L
              AND l.recorded_in < pg_snapshot_xmin(pg_current_snapshot())::text::bigint
            ORDER BY l.recorded_in, l.id LIMIT $5) n
          ORDER BY n.place DESC LIMIT 1
        $sql$, from_at, before_at) USING after_recorded_in, after_id, below_recorded_in, below_id, at_most;
      END $$
    `);
    await queryRunner.query(`
      CREATE FUNCTION oldest_call_log_within(after_recorded_in bigint, after_id uuid, at_most integer,
        from_at timestamptz, before_at timestamptz)
      RETURNS timestamptz
      LANGUAGE plpgsql STABLE SET search_path = public, pg_temp SET enable_seqscan = off SET enable_bitmapscan = off AS $$
      DECLARE
        oldest timestamptz;
        seen integer;
      BEGIN
        EXECUTE format($sql$
          SELECT min(created_at), count(*) FROM (SELECT created_at FROM mcp_call_logs
            WHERE (recorded_in, id) > ($1, $2) AND created_at >= %L AND created_at < %L ORDER BY recorded_in, id LIMIT $3) later
        $sql$, from_at, before_at) INTO oldest, seen USING after_recorded_in, after_id, at_most;
        RETURN CASE WHEN seen < at_most THEN oldest ELSE '-infinity' END;
      END $$
    `);
    for (const [signature, role] of [
      [NEXT, SYSTEM_ROLE],
      [OLDEST, APP_ROLE],
    ]) {
      await queryRunner.query(`REVOKE ALL ON FUNCTION ${signature} FROM PUBLIC`);
      await queryRunner.query(`GRANT EXECUTE ON FUNCTION ${signature} TO ${role}`);
    }
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    for (const signature of [ERASE, NEXT, OLDEST]) await queryRunner.query(`DROP FUNCTION ${signature}`);
  }
}
