import type { MigrationInterface, QueryRunner } from 'typeorm';
import { ownByTenant } from './tenant-owned.js';

/** Limits, breakers and the other rules of the call path, and what replicas share of them. */
export class CallPolicy1790001100000 implements MigrationInterface {
  name = 'CallPolicy1790001100000';

  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`ALTER TABLE "mcp_tool_groups" ADD "policy" jsonb NOT NULL DEFAULT '{}'`);
    await queryRunner.query(`ALTER TABLE "mcp_tools" ADD "policy" jsonb NOT NULL DEFAULT '{}'`);
    await queryRunner.query(`ALTER TABLE "mcp_group_keys" ADD "limits" jsonb NOT NULL DEFAULT '{}'`);
    await queryRunner.query(`
      CREATE TABLE "call_quota_uses" (
          "tenant_id" uuid NOT NULL,
          "scope" character varying(100) NOT NULL,
          "day" date NOT NULL,
          "used" bigint NOT NULL,
          CONSTRAINT "PK_call_quota_uses" PRIMARY KEY ("tenant_id", "scope", "day")
      )
    `);
    await ownByTenant(queryRunner, 'call_quota_uses');
    await queryRunner.query(`
      CREATE TABLE "circuit_states" (
          "tenant_id" uuid NOT NULL,
          "tool_id" uuid NOT NULL,
          "replica_id" uuid NOT NULL,
          "state" character varying(16) NOT NULL,
          "error_kind" character varying(32),
          "changed_at" TIMESTAMP(3) WITH TIME ZONE NOT NULL,
          CONSTRAINT "PK_circuit_states" PRIMARY KEY ("tool_id", "replica_id")
      )
    `);
    await ownByTenant(queryRunner, 'circuit_states');
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`DROP TABLE "circuit_states"`);
    await queryRunner.query(`DROP TABLE "call_quota_uses"`);
    await queryRunner.query(`ALTER TABLE "mcp_group_keys" DROP COLUMN "limits"`);
    await queryRunner.query(`ALTER TABLE "mcp_tools" DROP COLUMN "policy"`);
    await queryRunner.query(`ALTER TABLE "mcp_tool_groups" DROP COLUMN "policy"`);
  }
}
