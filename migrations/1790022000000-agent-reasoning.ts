import type { MigrationInterface, QueryRunner } from 'typeorm';

/** What becomes of a model's thoughts in the answers of an agent. */
export class AgentReasoning1790022000000 implements MigrationInterface {
  name = 'AgentReasoning1790022000000';

  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(
      `ALTER TABLE "agents" ADD "reasoning" character varying(16) NOT NULL DEFAULT 'removed'`,
    );
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`ALTER TABLE "agents" DROP COLUMN "reasoning"`);
  }
}
