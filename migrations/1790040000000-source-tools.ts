import type { MigrationInterface, QueryRunner } from 'typeorm';
import { ownByTenant } from './tenant-owned.js';

/** Tools that tenants bring, and groups that have them. */
export class SourceTools1790040000000 implements MigrationInterface {
  name = 'SourceTools1790040000000';

  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`
      CREATE TABLE "mcp_source_tools" (
          "id" uuid NOT NULL,
          "tenant_id" uuid NOT NULL,
          "source" character varying(16) NOT NULL,
          "source_id" uuid NOT NULL,
          "own_name" character varying(255) NOT NULL,
          "tool_name" character varying(64) NOT NULL,
          "definition" jsonb NOT NULL,
          "digest" character(64) NOT NULL,
          "state" character varying(16) NOT NULL,
          "reason" text,
          "pending" jsonb,
          "pending_digest" character(64),
          "row_version" integer NOT NULL DEFAULT '1',
          "created_at" TIMESTAMP(3) WITH TIME ZONE NOT NULL DEFAULT now(),
          "updated_at" TIMESTAMP(3) WITH TIME ZONE NOT NULL DEFAULT now(),
          CONSTRAINT "uq_source_tools_tenant_id" UNIQUE ("tenant_id", "id"),
          CONSTRAINT "pk_source_tools" PRIMARY KEY ("id"),
          CONSTRAINT "FK_8400049f36a5bb375151e750d79" FOREIGN KEY ("tenant_id") REFERENCES "tenants"("id") ON DELETE CASCADE
      )
    `);
    await queryRunner.query(
      `CREATE UNIQUE INDEX "uq_source_tools_own_name" ON "mcp_source_tools" ("source_id", "own_name")`,
    );
    await queryRunner.query(
      `CREATE UNIQUE INDEX "uq_source_tools_tenant_name" ON "mcp_source_tools" ("tenant_id", "tool_name")`,
    );
    await ownByTenant(queryRunner, 'mcp_source_tools', { system: 'SELECT' });
    await queryRunner.query(`ALTER TABLE "mcp_tools" ADD "source_tool_id" uuid`);
    await queryRunner.query(
      `CREATE INDEX "idx_tools_source_tool" ON "mcp_tools" ("source_tool_id") WHERE source_tool_id IS NOT NULL`,
    );
    await queryRunner.query(`
      ALTER TABLE "mcp_tools" ADD CONSTRAINT "FK_697167102ec6783078946b15878"
        FOREIGN KEY ("tenant_id", "source_tool_id") REFERENCES "mcp_source_tools"("tenant_id", "id") ON DELETE CASCADE
    `);
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`DELETE FROM "mcp_tools" WHERE source_tool_id IS NOT NULL`);
    await queryRunner.query(`ALTER TABLE "mcp_tools" DROP COLUMN "source_tool_id"`);
    await queryRunner.query(`DROP TABLE "mcp_source_tools"`);
  }
}
