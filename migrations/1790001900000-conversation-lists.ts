import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Administrators page through all conversations of the tenant, newest first. */
export class ConversationLists1790001900000 implements MigrationInterface {
  name = 'ConversationLists1790001900000';

  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(
      `CREATE INDEX "ix_conversations_tenant_created" ON "conversations" ("tenant_id", "created_at", "id")`,
    );
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`DROP INDEX "ix_conversations_tenant_created"`);
  }
}
