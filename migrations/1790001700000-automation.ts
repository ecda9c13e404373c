import type { MigrationInterface, QueryRunner } from 'typeorm';
import { APP_ROLE, ownByTenant } from './tenant-owned.js';

const TABLES = [
  'automation_runs',
  'automation_steps',
  'agent_calls',
  'automation_settings',
  'welcome_templates',
];

/** Registration automation: what was done for whom, and what tenants set for it. */
export class Automation1790001700000 implements MigrationInterface {
  name = 'Automation1790001700000';

  async up(queryRunner: QueryRunner): Promise<void> {
    await this.createRuns(queryRunner);
    await this.createSteps(queryRunner);
    await this.createAgentCalls(queryRunner);
    await this.createSettings(queryRunner);
    await this.createTemplates(queryRunner);
    for (const table of TABLES) await ownByTenant(queryRunner, table);
    await this.extendConversations(queryRunner);
    await this.leaveHistory(queryRunner);
    // Old ones are removed by the tenant's own job.
    await queryRunner.query(`GRANT DELETE ON "domain_events" TO ${APP_ROLE}`);
    // What waits is looked up by kind: an event that nobody acts on is never read again.
    await queryRunner.query(`DROP INDEX "idx_domain_events_waiting"`);
    await queryRunner.query(`
      CREATE INDEX "idx_domain_events_waiting" ON "domain_events" ("kind", "id") WHERE "picked_up_at" IS NULL
    `);
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`REVOKE DELETE ON "domain_events" FROM ${APP_ROLE}`);
    await queryRunner.query(`DROP INDEX "idx_domain_events_waiting"`);
    await queryRunner.query(`
      CREATE INDEX "idx_domain_events_waiting" ON "domain_events" ("id") WHERE "picked_up_at" IS NULL
    `);
    await queryRunner.query(`DROP INDEX "uq_conversations_default"`);
    await queryRunner.query(`ALTER TABLE "conversations" DROP COLUMN "is_default", DROP COLUMN "ai_enabled"`);
    await queryRunner.query(`ALTER TABLE "messages" DROP COLUMN "agent_version_id"`);
    for (const table of TABLES.toReversed()) await queryRunner.query(`DROP TABLE "${table}"`);
  }

  /** Nothing acted on events until now: whoever registered before is not greeted all at once. Forced security hides rows from their owner. */
  private async leaveHistory(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`ALTER TABLE "domain_events" NO FORCE ROW LEVEL SECURITY`);
    await queryRunner.query(`UPDATE "domain_events" SET "picked_up_at" = now() WHERE "picked_up_at" IS NULL`);
    await queryRunner.query(`ALTER TABLE "domain_events" FORCE ROW LEVEL SECURITY`);
  }

  private async extendConversations(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`ALTER TABLE "conversations" ADD "ai_enabled" boolean NOT NULL DEFAULT false`);
    await queryRunner.query(`ALTER TABLE "conversations" ADD "is_default" boolean NOT NULL DEFAULT false`);
    await queryRunner.query(`ALTER TABLE "messages" ADD "agent_version_id" uuid`);
    await queryRunner.query(`
      CREATE UNIQUE INDEX "uq_conversations_default" ON "conversations" ("tenant_id", "user_id") WHERE "is_default"
    `);
  }

  private async createRuns(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`
      CREATE TABLE "automation_runs" (
          "id" uuid NOT NULL,
          "tenant_id" uuid NOT NULL,
          "user_id" uuid NOT NULL,
          "source" character varying(16) NOT NULL,
          "state" character varying(16) NOT NULL DEFAULT 'queued',
          "skip_reason" character varying(32),
          "skip_detail" character varying(300),
          "job_id" uuid NOT NULL,
          "conversation_id" uuid,
          "message_id" uuid,
          "welcomed_by" character varying(16),
          "agent_id" uuid,
          "agent_version_id" uuid,
          "fallback_reason" character varying(32),
          "asked" smallint NOT NULL DEFAULT '0',
          "error_kind" character varying(64),
          "error" character varying(500),
          "created_by" uuid,
          "created_at" TIMESTAMP(3) WITH TIME ZONE NOT NULL DEFAULT now(),
          "started_at" TIMESTAMP(3) WITH TIME ZONE,
          "resumed_at" TIMESTAMP(3) WITH TIME ZONE,
          "finished_at" TIMESTAMP(3) WITH TIME ZONE,
          "duration_ms" integer,
          CONSTRAINT "UQ_e17ab17e81643330f659284382a" UNIQUE ("tenant_id", "id"),
          CONSTRAINT "PK_273137fa78ff9340128ab98445f" PRIMARY KEY ("id")
      )
    `);
    await queryRunner.query(`
      CREATE UNIQUE INDEX "uq_automation_runs_open" ON "automation_runs" ("tenant_id", "user_id") WHERE "state" IN ('queued', 'running', 'failed')
    `);
    await queryRunner.query(`
      CREATE UNIQUE INDEX "uq_automation_runs_job" ON "automation_runs" ("tenant_id", "job_id")
    `);
    await queryRunner.query(`
      CREATE INDEX "ix_automation_runs_created" ON "automation_runs" ("tenant_id", "created_at")
    `);
    await queryRunner.query(`
      CREATE INDEX "ix_automation_runs_state" ON "automation_runs" ("tenant_id", "state", "id")
    `);
    await queryRunner.query(`
      CREATE INDEX "ix_automation_runs_user" ON "automation_runs" ("tenant_id", "user_id", "id")
    `);
    await queryRunner.query(`
      ALTER TABLE "automation_runs" ADD CONSTRAINT "FK_3bc8b6dde10f5d681a03b5fc50f"
        FOREIGN KEY ("tenant_id") REFERENCES "tenants"("id") ON DELETE CASCADE ON UPDATE NO ACTION
    `);
  }

  private async createSteps(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`
      CREATE TABLE "automation_steps" (
          "id" uuid NOT NULL,
          "tenant_id" uuid NOT NULL,
          "run_id" uuid NOT NULL,
          "name" character varying(16) NOT NULL,
          "state" character varying(16) NOT NULL DEFAULT 'waiting',
          "attempts" integer NOT NULL DEFAULT '0',
          "result" jsonb,
          "started_at" TIMESTAMP(3) WITH TIME ZONE,
          "ended_at" TIMESTAMP(3) WITH TIME ZONE,
          "duration_ms" integer,
          "error_kind" character varying(64),
          "error" character varying(500),
          CONSTRAINT "PK_431ae569e06b1c2d2a210f8a1ba" PRIMARY KEY ("id")
      )
    `);
    await queryRunner.query(`
      CREATE INDEX "ix_automation_steps_started" ON "automation_steps" ("tenant_id", "started_at")
    `);
    await queryRunner.query(`
      CREATE UNIQUE INDEX "uq_automation_steps_run_name" ON "automation_steps" ("run_id", "name")
    `);
    await queryRunner.query(`
      ALTER TABLE "automation_steps" ADD CONSTRAINT "FK_b0efc0859dbd1283b19c2fcddf9"
        FOREIGN KEY ("tenant_id", "run_id") REFERENCES "automation_runs"("tenant_id", "id") ON DELETE CASCADE ON UPDATE NO ACTION
    `);
  }

  private async createAgentCalls(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`
      CREATE TABLE "agent_calls" (
          "id" uuid NOT NULL,
          "tenant_id" uuid NOT NULL,
          "run_id" uuid NOT NULL,
          "agent_id" uuid NOT NULL,
          "agent_version_id" uuid NOT NULL,
          "outcome" character varying(32) NOT NULL,
          "error" character varying(300),
          "duration_ms" integer NOT NULL,
          "first_text_ms" integer,
          "created_at" TIMESTAMP(3) WITH TIME ZONE NOT NULL DEFAULT now(),
          CONSTRAINT "PK_5ce12556f90741263e038d10bb4" PRIMARY KEY ("id")
      )
    `);
    await queryRunner.query(`
      CREATE INDEX "ix_agent_calls_created" ON "agent_calls" ("tenant_id", "created_at")
    `);
    await queryRunner.query(`
      CREATE INDEX "ix_agent_calls_version" ON "agent_calls" ("tenant_id", "agent_version_id", "created_at")
    `);
    await queryRunner.query(`
      CREATE INDEX "ix_agent_calls_run" ON "agent_calls" ("run_id", "id")
    `);
    await queryRunner.query(`
      ALTER TABLE "agent_calls" ADD CONSTRAINT "FK_c4a6445b4169096602cb11bf910"
        FOREIGN KEY ("tenant_id", "run_id") REFERENCES "automation_runs"("tenant_id", "id") ON DELETE CASCADE ON UPDATE NO ACTION
    `);
  }

  private async createSettings(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`
      CREATE TABLE "automation_settings" (
          "tenant_id" uuid NOT NULL,
          "strategy" character varying(16) NOT NULL DEFAULT 'agent',
          "default_language" character varying(35) NOT NULL DEFAULT 'en',
          "conversation_channel" character varying(16) NOT NULL DEFAULT 'app',
          "conversation_title" character varying(200) NOT NULL DEFAULT 'Welcome',
          "conversation_ai_enabled" boolean NOT NULL DEFAULT true,
          "required_tools" character varying array NOT NULL DEFAULT '{get_user_profile,analyze_customer}',
          "group_id" uuid,
          "version" integer NOT NULL DEFAULT '1',
          "created_at" TIMESTAMP(3) WITH TIME ZONE NOT NULL DEFAULT now(),
          "updated_at" TIMESTAMP(3) WITH TIME ZONE NOT NULL DEFAULT now(),
          CONSTRAINT "PK_0c83c3c968daa5568785b82df49" PRIMARY KEY ("tenant_id")
      )
    `);
    await queryRunner.query(`
      ALTER TABLE "automation_settings" ADD CONSTRAINT "FK_0c83c3c968daa5568785b82df49"
        FOREIGN KEY ("tenant_id") REFERENCES "tenants"("id") ON DELETE CASCADE ON UPDATE NO ACTION
    `);
  }

  private async createTemplates(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`
      CREATE TABLE "welcome_templates" (
          "id" uuid NOT NULL,
          "tenant_id" uuid NOT NULL,
          "language" character varying(35) NOT NULL,
          "body" text NOT NULL,
          "version" integer NOT NULL DEFAULT '1',
          "created_at" TIMESTAMP(3) WITH TIME ZONE NOT NULL DEFAULT now(),
          "updated_at" TIMESTAMP(3) WITH TIME ZONE NOT NULL DEFAULT now(),
          CONSTRAINT "PK_65def0dbed5b9daef0b3a9ce3ad" PRIMARY KEY ("id")
      )
    `);
    await queryRunner.query(`
      CREATE UNIQUE INDEX "uq_welcome_templates_tenant_language" ON "welcome_templates" ("tenant_id", "language")
    `);
    await queryRunner.query(`
      ALTER TABLE "welcome_templates" ADD CONSTRAINT "FK_7515fa3e00d4509fd8639366d60"
        FOREIGN KEY ("tenant_id") REFERENCES "tenants"("id") ON DELETE CASCADE ON UPDATE NO ACTION
    `);
  }
}
