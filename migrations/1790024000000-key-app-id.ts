import type { MigrationInterface, QueryRunner } from 'typeorm';

/** The application that a key was made for, so that the call log names it. */
export class KeyAppId1790024000000 implements MigrationInterface {
  name = 'KeyAppId1790024000000';

  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`ALTER TABLE "mcp_group_keys" ADD "app_id" character varying(100)`);
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`ALTER TABLE "mcp_group_keys" DROP COLUMN "app_id"`);
  }
}
