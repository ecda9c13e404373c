import type { MigrationInterface, QueryRunner } from 'typeorm';

/** What If-Match is compared with. */
export class Versions1790000400000 implements MigrationInterface {
  name = 'Versions1790000400000';

  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`ALTER TABLE "mcp_tool_groups" ADD "version" integer NOT NULL DEFAULT '1'`);
    // A tool's "version" is that of its definition.
    await queryRunner.query(`ALTER TABLE "mcp_tools" ADD "row_version" integer NOT NULL DEFAULT '1'`);
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`ALTER TABLE "mcp_tools" DROP COLUMN "row_version"`);
    await queryRunner.query(`ALTER TABLE "mcp_tool_groups" DROP COLUMN "version"`);
  }
}
