import type { MigrationInterface, QueryRunner } from 'typeorm';
import { ownByTenant } from './tenant-owned.js';

/** Answers of POST requests with an `Idempotency-Key`, kept for a day. */
export class IdempotencyKeys1790000450000 implements MigrationInterface {
  name = 'IdempotencyKeys1790000450000';

  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`
      CREATE TABLE "idempotency_keys" (
          "id" uuid NOT NULL,
          "tenant_id" uuid NOT NULL,
          "user_id" uuid NOT NULL,
          "operation" bytea NOT NULL,
          "key" character varying(255) NOT NULL,
          "fingerprint" bytea NOT NULL,
          "state" character varying(16) NOT NULL,
          "replica_id" uuid NOT NULL,
          "status" smallint,
          "answer" bytea,
          "created_at" TIMESTAMP(3) WITH TIME ZONE NOT NULL DEFAULT now(),
          "expires_at" TIMESTAMP(3) WITH TIME ZONE NOT NULL,
          CONSTRAINT "PK_8ad20779ad0411107a56e53d0f6" PRIMARY KEY ("id")
      )
    `);
    await queryRunner.query(
      `CREATE UNIQUE INDEX "uq_idempotency_keys" ON "idempotency_keys" ("tenant_id", "user_id", "operation", "key")`,
    );
    await queryRunner.query(
      `CREATE INDEX "idx_idempotency_keys_expires_at" ON "idempotency_keys" ("expires_at")`,
    );
    await queryRunner.query(`
      ALTER TABLE "idempotency_keys" ADD CONSTRAINT "FK_c22d37ec13b71da74d7b4372c3f"
        FOREIGN KEY ("tenant_id") REFERENCES "tenants"("id") ON DELETE CASCADE ON UPDATE NO ACTION
    `);
    await ownByTenant(queryRunner, 'idempotency_keys', { system: 'SELECT (expires_at), DELETE' });
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`DROP TABLE "idempotency_keys"`);
  }
}
