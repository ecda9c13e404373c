import type { MigrationInterface, QueryRunner } from 'typeorm';
import { ownByTenant } from './tenant-owned.js';

/** Long results that agents page through, and the outcomes of calls that are made once. */
export class ResultsAndEffects1790001200000 implements MigrationInterface {
  name = 'ResultsAndEffects1790001200000';

  async up(queryRunner: QueryRunner): Promise<void> {
    await this.createResults(queryRunner);
    await this.createChunks(queryRunner);
    await this.createEffects(queryRunner);
    await ownByTenant(queryRunner, 'call_results', { system: 'SELECT (expires_at), DELETE' });
    await ownByTenant(queryRunner, 'call_result_chunks');
    await ownByTenant(queryRunner, 'tool_effects', { system: 'SELECT (expires_at), DELETE' });
  }

  private async createResults(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`
      CREATE TABLE "call_results" (
          "id" uuid NOT NULL,
          "tenant_id" uuid NOT NULL,
          "group_id" uuid NOT NULL,
          "caller" character varying(128) NOT NULL,
          "tool_name" character varying(128) NOT NULL,
          "handle_hash" bytea NOT NULL,
          "bytes" integer NOT NULL,
          "created_at" TIMESTAMP(3) WITH TIME ZONE NOT NULL DEFAULT now(),
          "expires_at" TIMESTAMP(3) WITH TIME ZONE NOT NULL,
          CONSTRAINT "UQ_774027d34a4b745ae4e2e815ec8" UNIQUE ("tenant_id", "id"),
          CONSTRAINT "PK_2d70869d36d766d1f33c21cf382" PRIMARY KEY ("id")
      )
    `);
    await queryRunner.query(
      `CREATE UNIQUE INDEX "uq_call_results_handle" ON "call_results" ("tenant_id", "handle_hash")`,
    );
    await queryRunner.query(
      `CREATE INDEX "idx_call_results_age" ON "call_results" ("tenant_id", "created_at")`,
    );
    await queryRunner.query(`CREATE INDEX "idx_call_results_expires_at" ON "call_results" ("expires_at")`);
    await queryRunner.query(`
      ALTER TABLE "call_results" ADD CONSTRAINT "FK_3b21cd063da83b937e5fa496df2"
        FOREIGN KEY ("tenant_id") REFERENCES "tenants"("id") ON DELETE CASCADE ON UPDATE NO ACTION
    `);
  }

  private async createChunks(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`
      CREATE TABLE "call_result_chunks" (
          "id" uuid NOT NULL,
          "tenant_id" uuid NOT NULL,
          "result_id" uuid NOT NULL,
          "start_byte" integer NOT NULL,
          "content" bytea,
          CONSTRAINT "PK_74af3cef67c6c53ce953aa7bddb" PRIMARY KEY ("id")
      )
    `);
    // Sealed bytes do not get smaller by compression.
    await queryRunner.query(`ALTER TABLE "call_result_chunks" ALTER COLUMN "content" SET STORAGE EXTERNAL`);
    await queryRunner.query(
      `CREATE UNIQUE INDEX "uq_call_result_chunks_start" ON "call_result_chunks" ("tenant_id", "result_id", "start_byte")`,
    );
    await queryRunner.query(`
      ALTER TABLE "call_result_chunks" ADD CONSTRAINT "FK_e421a69e414ebbecdef61d21d18"
        FOREIGN KEY ("tenant_id", "result_id") REFERENCES "call_results"("tenant_id", "id") ON DELETE CASCADE ON UPDATE NO ACTION
    `);
  }

  private async createEffects(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`
      CREATE TABLE "tool_effects" (
          "id" uuid NOT NULL,
          "tenant_id" uuid NOT NULL,
          "group_id" uuid NOT NULL,
          "caller" character varying(128) NOT NULL,
          "tool_name" character varying(128) NOT NULL,
          "key_hash" bytea NOT NULL,
          "arguments_hash" bytea NOT NULL,
          "state" character varying(16) NOT NULL,
          "replica_id" uuid NOT NULL,
          "outcome" bytea,
          "created_at" TIMESTAMP(3) WITH TIME ZONE NOT NULL DEFAULT now(),
          "expires_at" TIMESTAMP(3) WITH TIME ZONE NOT NULL,
          CONSTRAINT "PK_05cec0edcf4cc8bf9951dd1f5e7" PRIMARY KEY ("id")
      )
    `);
    await queryRunner.query(
      `CREATE UNIQUE INDEX "uq_tool_effects" ON "tool_effects" ("tenant_id", "group_id", "caller", "tool_name", "key_hash")`,
    );
    await queryRunner.query(`CREATE INDEX "idx_tool_effects_expires_at" ON "tool_effects" ("expires_at")`);
    await queryRunner.query(`
      ALTER TABLE "tool_effects" ADD CONSTRAINT "FK_52d1eb568e6700c0371deb4d711"
        FOREIGN KEY ("tenant_id") REFERENCES "tenants"("id") ON DELETE CASCADE ON UPDATE NO ACTION
    `);
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`DROP TABLE "tool_effects"`);
    await queryRunner.query(`DROP TABLE "call_result_chunks"`);
    await queryRunner.query(`DROP TABLE "call_results"`);
  }
}
