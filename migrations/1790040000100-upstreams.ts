import type { MigrationInterface, QueryRunner } from 'typeorm';
import { ownByTenant } from './tenant-owned.js';

/** Other MCP servers behind our groups. */
export class Upstreams1790040000100 implements MigrationInterface {
  name = 'Upstreams1790040000100';

  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`
      CREATE TABLE "upstreams" (
          "id" uuid NOT NULL,
          "tenant_id" uuid NOT NULL,
          "name" character varying(64) NOT NULL,
          "description" character varying(2000) NOT NULL DEFAULT '',
          "transport" character varying(8) NOT NULL,
          "command" text,
          "args" jsonb NOT NULL DEFAULT '[]',
          "env" jsonb NOT NULL DEFAULT '{}',
          "cwd" text,
          "url" text,
          "headers" jsonb NOT NULL DEFAULT '{}',
          "ciphertext" bytea,
          "prefix" character varying(32) NOT NULL DEFAULT '',
          "policy" character varying(8) NOT NULL DEFAULT 'hold',
          "enabled" boolean NOT NULL DEFAULT true,
          "state" character varying(16) NOT NULL DEFAULT 'connecting',
          "state_reason" text,
          "state_since" TIMESTAMP(3) WITH TIME ZONE NOT NULL DEFAULT now(),
          "failures" integer NOT NULL DEFAULT '0',
          "next_try_at" TIMESTAMP(3) WITH TIME ZONE,
          "verdict" jsonb,
          "server_info" jsonb,
          "tools_read_at" TIMESTAMP(3) WITH TIME ZONE,
          "reading_until" TIMESTAMP(3) WITH TIME ZONE,
          "read_wanted_at" TIMESTAMP(3) WITH TIME ZONE,
          "version" integer NOT NULL DEFAULT '1',
          "created_at" TIMESTAMP(3) WITH TIME ZONE NOT NULL DEFAULT now(),
          "updated_at" TIMESTAMP(3) WITH TIME ZONE NOT NULL DEFAULT now(),
          CONSTRAINT "pk_upstreams" PRIMARY KEY ("id"),
          CONSTRAINT "FK_2431e9fc7bc45d76871f4b028b4" FOREIGN KEY ("tenant_id") REFERENCES "tenants"("id") ON DELETE CASCADE
      )
    `);
    await queryRunner.query(
      `CREATE UNIQUE INDEX "uq_upstreams_tenant_name" ON "upstreams" ("tenant_id", "name")`,
    );
    await queryRunner.query(
      `CREATE INDEX "idx_upstreams_next_try" ON "upstreams" ("next_try_at") WHERE enabled`,
    );
    // Finds those that are due, whosever they are.
    const columns =
      'id, tenant_id, enabled, state, next_try_at, tools_read_at, reading_until, read_wanted_at, version, created_at';
    await ownByTenant(queryRunner, 'upstreams', { system: `SELECT (${columns})` });
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`DROP TABLE "upstreams"`);
  }
}
