import type { MigrationInterface, QueryRunner } from 'typeorm';

const MAX_BYTES = 2_097_152;
const TABLES = ['mcp_tool_groups', 'mcp_tools'];

/**
 * Bounds the limits of results that groups and tools were given: above 2 MiB one result holds up everybody. What was allowed
 * before is not kept, so going back leaves the limits as they are.
 */
export class ShorterResults1790027000000 implements MigrationInterface {
  name = 'ShorterResults1790027000000';

  async up(queryRunner: QueryRunner): Promise<void> {
    for (const table of TABLES) {
      await queryRunner.query(`ALTER TABLE "${table}" NO FORCE ROW LEVEL SECURITY`);
      await queryRunner.query(
        `UPDATE "${table}" SET "policy" = jsonb_set("policy", '{result_max_bytes}', '${MAX_BYTES}')
         WHERE ("policy" ->> 'result_max_bytes')::numeric > ${MAX_BYTES}`,
      );
      await queryRunner.query(`ALTER TABLE "${table}" FORCE ROW LEVEL SECURITY`);
    }
  }

  async down(): Promise<void> {
    // A lower limit is allowed in the version before, too.
  }
}
