import type { MigrationInterface, QueryRunner } from 'typeorm';
import { ownByPerson } from './person-owned.js';
import { ownByTenant } from './tenant-owned.js';

/** Treatment plans with their revisions, and what a course of a service is. */
export class TreatmentPlans1790031000000 implements MigrationInterface {
  name = 'TreatmentPlans1790031000000';

  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`
      ALTER TABLE "projects" ADD "usual_sessions" smallint NOT NULL DEFAULT '1',
        ADD "session_interval_days" smallint NOT NULL DEFAULT '0'
    `);
    await queryRunner.query(`
      CREATE TABLE "treatment_plans" (
          "id" uuid NOT NULL,
          "tenant_id" uuid NOT NULL,
          "user_id" uuid NOT NULL,
          "state" character varying(16) NOT NULL DEFAULT 'proposed',
          "revision" integer NOT NULL DEFAULT '1',
          "approved_revision" integer,
          "decided_by" uuid,
          "decided_at" TIMESTAMP(3) WITH TIME ZONE,
          "decision_note" character varying(2000),
          "version" integer NOT NULL DEFAULT '1',
          "created_at" TIMESTAMP(3) WITH TIME ZONE NOT NULL DEFAULT now(),
          "updated_at" TIMESTAMP(3) WITH TIME ZONE NOT NULL DEFAULT now(),
          CONSTRAINT "UQ_47823718a297d1ca5980b8a8e52" UNIQUE ("tenant_id", "id"),
          CONSTRAINT "PK_6372779b339933b56aa985167f0" PRIMARY KEY ("id")
      )
    `);
    await queryRunner.query(`
      CREATE TABLE "treatment_plan_revisions" (
          "id" uuid NOT NULL,
          "tenant_id" uuid NOT NULL,
          "user_id" uuid NOT NULL,
          "plan_id" uuid NOT NULL,
          "number" integer NOT NULL,
          "based_on" integer,
          "made_by" character varying(16) NOT NULL,
          "agent_id" uuid,
          "agent_version_id" uuid,
          "fallback_reason" character varying(16),
          "created_by" uuid,
          "note" character varying(2000),
          "wishes" jsonb NOT NULL,
          "content" jsonb NOT NULL,
          "changes" jsonb NOT NULL DEFAULT '[]',
          "created_at" TIMESTAMP(3) WITH TIME ZONE NOT NULL DEFAULT now(),
          CONSTRAINT "PK_6fb71d86fd6f029118a80db37f1" PRIMARY KEY ("id")
      )
    `);
    for (const index of [
      `INDEX "ix_treatment_plans_user" ON "treatment_plans" ("tenant_id", "user_id", "id")`,
      `INDEX "ix_treatment_plans_state" ON "treatment_plans" ("tenant_id", "state", "id")`,
      `UNIQUE INDEX "uq_treatment_plan_revisions_number" ON "treatment_plan_revisions" ("tenant_id", "plan_id", "number")`,
      `INDEX "ix_treatment_plan_revisions_user" ON "treatment_plan_revisions" ("tenant_id", "user_id")`,
    ])
      await queryRunner.query(`CREATE ${index}`);
    await queryRunner.query(`
      ALTER TABLE "treatment_plans" ADD CONSTRAINT "FK_f9db6838c219dd5dee5ac2cd3b9"
        FOREIGN KEY ("tenant_id", "user_id") REFERENCES "users"("tenant_id", "id") ON DELETE CASCADE ON UPDATE NO ACTION
    `);
    await queryRunner.query(`
      ALTER TABLE "treatment_plan_revisions" ADD CONSTRAINT "FK_d2cee3faeb04702e8942298d876"
        FOREIGN KEY ("tenant_id", "user_id") REFERENCES "users"("tenant_id", "id") ON DELETE CASCADE ON UPDATE NO ACTION
    `);
    await queryRunner.query(`
      ALTER TABLE "treatment_plan_revisions" ADD CONSTRAINT "FK_0d98b6b12bdb145a31deaab6750"
        FOREIGN KEY ("tenant_id", "plan_id") REFERENCES "treatment_plans"("tenant_id", "id") ON DELETE CASCADE ON UPDATE NO ACTION
    `);
    await ownByTenant(queryRunner, 'treatment_plans');
    await ownByTenant(queryRunner, 'treatment_plan_revisions', { app: 'SELECT, INSERT' });
    for (const table of ['treatment_plans', 'treatment_plan_revisions'])
      await ownByPerson(queryRunner, table);
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`DROP TABLE "treatment_plan_revisions"`);
    await queryRunner.query(`DROP TABLE "treatment_plans"`);
    await queryRunner.query(
      `ALTER TABLE "projects" DROP COLUMN "session_interval_days", DROP COLUMN "usual_sessions"`,
    );
  }
}
