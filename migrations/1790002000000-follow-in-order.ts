import type { MigrationInterface, QueryRunner } from 'typeorm';
import { SYSTEM_ROLE } from './tenant-owned.js';

const NEXT = 'next_call_logs(bigint, uuid, integer)';

/**
 * Followers of the call log read on in the order of its index. PostgreSQL knows nothing yet of a partition that is minutes old,
 * and then sorts all that a follower has before it to find the next few: the further behind, the longer each step takes.
 */
export class FollowInOrder1790002000000 implements MigrationInterface {
  name = 'FollowInOrder1790002000000';

  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`
      CREATE FUNCTION next_call_logs(after_recorded_in bigint, after_id uuid, at_most integer)
      RETURNS TABLE (recorded_in bigint, id uuid, records integer)
      LANGUAGE plpgsql STABLE SET search_path = public, pg_temp SET plan_cache_mode = force_generic_plan
      SET enable_seqscan = off SET enable_bitmapscan = off SET enable_sort = off AS $$
      BEGIN
        RETURN QUERY SELECT n.recorded_in, n.id, n.place::integer FROM (
            SELECT l.recorded_in, l.id, row_number() OVER (ORDER BY l.recorded_in, l.id) AS place FROM mcp_call_logs l
            WHERE (l.recorded_in, l.id) > (after_recorded_in, after_id)
              AND l.recorded_in < pg_snapshot_xmin(pg_current_snapshot())::text::bigint
            ORDER BY l.recorded_in, l.id LIMIT at_most) n
          ORDER BY n.place DESC LIMIT 1;
      END $$
    `);
    await queryRunner.query(`REVOKE ALL ON FUNCTION ${NEXT} FROM PUBLIC`);
    await queryRunner.query(`GRANT EXECUTE ON FUNCTION ${NEXT} TO ${SYSTEM_ROLE}`);
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`DROP FUNCTION ${NEXT}`);
  }
}
