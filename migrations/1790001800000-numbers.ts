import type { MigrationInterface, QueryRunner } from 'typeorm';
import { shareWithAll } from './tenant-owned.js';

/** What the numbers of the automation are read by: each only as far as its period reaches. */
const INDEXES = [
  [
    'ix_automation_runs_errors',
    `"automation_runs" ("tenant_id", "created_at") WHERE "error_kind" IS NOT NULL`,
  ],
  [
    'ix_agent_calls_answered',
    `"agent_calls" ("tenant_id", "agent_version_id", "created_at") WHERE "outcome" = 'ok'`,
  ],
  ['ix_customer_claims_announced', `"customer_claims" ("tenant_id", "first_announced_at")`],
  ['ix_notification_deliveries_created', `"notification_deliveries" ("tenant_id", "created_at")`],
] as const;

/** Numbers for administrators: indexes, and what each replica says of the machine it runs on. */
export class Numbers1790001800000 implements MigrationInterface {
  name = 'Numbers1790001800000';

  async up(queryRunner: QueryRunner): Promise<void> {
    for (const [name, on] of INDEXES) await queryRunner.query(`CREATE INDEX "${name}" ON ${on}`);
    await queryRunner.query(`
      CREATE TABLE "replica_resources" (
          "replica_id" uuid NOT NULL,
          "measured_at" TIMESTAMP(3) WITH TIME ZONE NOT NULL DEFAULT now(),
          "resources" jsonb NOT NULL,
          CONSTRAINT "PK_replica_resources" PRIMARY KEY ("replica_id")
      )
    `);
    await queryRunner.query(`
      ALTER TABLE "replica_resources" ADD CONSTRAINT "FK_replica_resources_replica"
        FOREIGN KEY ("replica_id") REFERENCES "replicas"("id") ON DELETE CASCADE ON UPDATE NO ACTION
    `);
    await shareWithAll(queryRunner, 'replica_resources', { app: 'SELECT, INSERT, UPDATE' });
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`DROP TABLE "replica_resources"`);
    for (const [name] of INDEXES.toReversed()) await queryRunner.query(`DROP INDEX "${name}"`);
  }
}
