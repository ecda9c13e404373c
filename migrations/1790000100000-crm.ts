import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * The business system. Generated; the indexes for search_users are by hand, because TypeORM cannot express them, and
 * so is the function one of them needs. `user-search.ts` has the queries they serve.
 */
export class Crm1790000100000 implements MigrationInterface {
  name = 'Crm1790000100000';

  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`
      CREATE TABLE "projects" (
          "id" uuid NOT NULL,
          "tenant_id" uuid NOT NULL,
          "code" character varying(64) NOT NULL,
          "name" character varying(200) NOT NULL,
          "category" character varying(32) NOT NULL,
          "description" text NOT NULL DEFAULT '',
          "price_min_cents" integer NOT NULL,
          "price_max_cents" integer NOT NULL,
          "currency" character varying(3) NOT NULL DEFAULT 'CNY',
          "duration_minutes" smallint NOT NULL,
          "recovery_days" smallint NOT NULL DEFAULT '0',
          "contraindications" character varying array NOT NULL DEFAULT '{}',
          "enabled" boolean NOT NULL DEFAULT true,
          "created_at" TIMESTAMP(3) WITH TIME ZONE NOT NULL DEFAULT now(),
          "updated_at" TIMESTAMP(3) WITH TIME ZONE NOT NULL DEFAULT now(),
          CONSTRAINT "PK_6271df0a7aed1d6c0691ce6ac50" PRIMARY KEY ("id")
      )
    `);
    await queryRunner.query(`
      CREATE UNIQUE INDEX "uq_projects_tenant_code"
        ON "projects" ("tenant_id", "code")
    `);
    await queryRunner.query(`
      CREATE TABLE "consultations" (
          "id" uuid NOT NULL,
          "tenant_id" uuid NOT NULL,
          "user_id" uuid NOT NULL,
          "consultant_id" uuid,
          "project_id" uuid,
          "outcome" character varying(16),
          "notes" text NOT NULL DEFAULT '',
          "started_at" TIMESTAMP(3) WITH TIME ZONE NOT NULL,
          "ended_at" TIMESTAMP(3) WITH TIME ZONE,
          CONSTRAINT "PK_c5b78e9424d9bc68464f6a12103" PRIMARY KEY ("id")
      )
    `);
    await queryRunner.query(`
      CREATE INDEX "ix_consultations_project"
        ON "consultations" ("project_id")
    `);
    await queryRunner.query(`
      CREATE INDEX "ix_consultations_consultant"
        ON "consultations" ("consultant_id")
    `);
    await queryRunner.query(`
      CREATE INDEX "ix_consultations_user_started"
        ON "consultations" ("user_id", "started_at", "id")
    `);
    await queryRunner.query(`
      CREATE TABLE "conversations" (
          "id" uuid NOT NULL,
          "tenant_id" uuid NOT NULL,
          "user_id" uuid NOT NULL,
          "consultant_id" uuid,
          "channel" character varying(16) NOT NULL,
          "title" character varying(200) NOT NULL,
          "closed_at" TIMESTAMP(3) WITH TIME ZONE,
          "created_at" TIMESTAMP(3) WITH TIME ZONE NOT NULL DEFAULT now(),
          CONSTRAINT "PK_ee34f4f7ced4ec8681f26bf04ef" PRIMARY KEY ("id")
      )
    `);
    await queryRunner.query(`
      CREATE INDEX "ix_conversations_consultant"
        ON "conversations" ("consultant_id")
    `);
    await queryRunner.query(`
      CREATE INDEX "ix_conversations_user_created"
        ON "conversations" ("user_id", "created_at", "id")
    `);
    await queryRunner.query(`
      CREATE TABLE "customer_preferences" (
          "user_id" uuid NOT NULL,
          "tenant_id" uuid NOT NULL,
          "values" jsonb NOT NULL DEFAULT '{}',
          "updated_at" TIMESTAMP(3) WITH TIME ZONE NOT NULL DEFAULT now(),
          CONSTRAINT "PK_732edf4077d6c30b6875d66299e" PRIMARY KEY ("user_id")
      )
    `);
    await queryRunner.query(`
      CREATE TABLE "customer_profiles" (
          "user_id" uuid NOT NULL,
          "tenant_id" uuid NOT NULL,
          "consultant_id" uuid,
          "birth_year" smallint,
          "city" character varying(64),
          "source" character varying(32),
          "preferred_language" character varying(16),
          "facts" jsonb NOT NULL DEFAULT '[]',
          "tags" character varying array NOT NULL DEFAULT '{}',
          "allergies" character varying array NOT NULL DEFAULT '{}',
          "skin_notes" text,
          "health_notes" text,
          "budget_min_cents" integer,
          "budget_max_cents" integer,
          "currency" character varying(3) NOT NULL DEFAULT 'CNY',
          "created_at" TIMESTAMP(3) WITH TIME ZONE NOT NULL DEFAULT now(),
          "updated_at" TIMESTAMP(3) WITH TIME ZONE NOT NULL DEFAULT now(),
          CONSTRAINT "PK_99617dd6d452ad43dd992a79933" PRIMARY KEY ("user_id")
      )
    `);
    await queryRunner.query(`
      CREATE INDEX "ix_customer_profiles_consultant"
        ON "customer_profiles" ("consultant_id")
    `);
    await queryRunner.query(`
      CREATE TABLE "messages" (
          "id" uuid NOT NULL,
          "tenant_id" uuid NOT NULL,
          "conversation_id" uuid NOT NULL,
          "user_id" uuid NOT NULL,
          "sender_kind" character varying(16) NOT NULL,
          "sender_id" uuid,
          "content" text NOT NULL,
          "created_at" TIMESTAMP(3) WITH TIME ZONE NOT NULL DEFAULT now(),
          CONSTRAINT "PK_18325f38ae6de43878487eff986" PRIMARY KEY ("id")
      )
    `);
    await queryRunner.query(`
      CREATE INDEX "ix_messages_user_created"
        ON "messages" ("user_id", "created_at", "id")
    `);
    await queryRunner.query(`
      CREATE INDEX "ix_messages_conversation_created"
        ON "messages" ("conversation_id", "created_at", "id")
    `);
    await queryRunner.query(`
      CREATE TABLE "tasks" (
          "id" uuid NOT NULL,
          "tenant_id" uuid NOT NULL,
          "user_id" uuid NOT NULL,
          "assignee_id" uuid,
          "title" character varying(200) NOT NULL,
          "description" text NOT NULL DEFAULT '',
          "status" character varying(16) NOT NULL DEFAULT 'open',
          "priority" character varying(8) NOT NULL DEFAULT 'normal',
          "due_at" TIMESTAMP(3) WITH TIME ZONE,
          "closed_at" TIMESTAMP(3) WITH TIME ZONE,
          "created_at" TIMESTAMP(3) WITH TIME ZONE NOT NULL DEFAULT now(),
          "updated_at" TIMESTAMP(3) WITH TIME ZONE NOT NULL DEFAULT now(),
          CONSTRAINT "PK_8d12ff38fcc62aaba2cab748772" PRIMARY KEY ("id")
      )
    `);
    await queryRunner.query(`
      CREATE INDEX "ix_tasks_assignee"
        ON "tasks" ("assignee_id")
    `);
    await queryRunner.query(`
      CREATE INDEX "ix_tasks_user_created"
        ON "tasks" ("user_id", "created_at", "id")
    `);
    await queryRunner.query(`
      CREATE TABLE "treatments" (
          "id" uuid NOT NULL,
          "tenant_id" uuid NOT NULL,
          "user_id" uuid NOT NULL,
          "project_id" uuid,
          "amount_paid_cents" integer NOT NULL,
          "currency" character varying(3) NOT NULL DEFAULT 'CNY',
          "performed_at" TIMESTAMP(3) WITH TIME ZONE NOT NULL,
          CONSTRAINT "PK_133f26d52c70b9fa3c2dbb3c89e" PRIMARY KEY ("id")
      )
    `);
    await queryRunner.query(`
      CREATE INDEX "ix_treatments_project"
        ON "treatments" ("project_id")
    `);
    await queryRunner.query(`
      CREATE INDEX "ix_treatments_user_performed"
        ON "treatments" ("user_id", "performed_at", "id")
    `);
    await queryRunner.query(`
      ALTER TABLE "projects"
        ADD CONSTRAINT "FK_7393a03ef67e2ea91b81faa95dd" FOREIGN KEY ("tenant_id") REFERENCES "tenants"("id") ON DELETE CASCADE ON UPDATE NO ACTION
    `);
    await queryRunner.query(`
      ALTER TABLE "consultations"
        ADD CONSTRAINT "FK_6b75097e3923dafb9362242037a" FOREIGN KEY ("user_id") REFERENCES "users"("id") ON DELETE CASCADE ON UPDATE NO ACTION
    `);
    await queryRunner.query(`
      ALTER TABLE "consultations"
        ADD CONSTRAINT "FK_0489ca1223160ffa297b4435b33" FOREIGN KEY ("consultant_id") REFERENCES "users"("id") ON DELETE SET NULL ON UPDATE NO ACTION
    `);
    await queryRunner.query(`
      ALTER TABLE "consultations"
        ADD CONSTRAINT "FK_ebd980716f1e04aebe1dca17b56" FOREIGN KEY ("project_id") REFERENCES "projects"("id") ON DELETE SET NULL ON UPDATE NO ACTION
    `);
    await queryRunner.query(`
      ALTER TABLE "conversations"
        ADD CONSTRAINT "FK_3a9ae579e61e81cc0e989afeb4a" FOREIGN KEY ("user_id") REFERENCES "users"("id") ON DELETE CASCADE ON UPDATE NO ACTION
    `);
    await queryRunner.query(`
      ALTER TABLE "conversations"
        ADD CONSTRAINT "FK_a67c0949dab248497f056763128" FOREIGN KEY ("consultant_id") REFERENCES "users"("id") ON DELETE SET NULL ON UPDATE NO ACTION
    `);
    await queryRunner.query(`
      ALTER TABLE "customer_preferences"
        ADD CONSTRAINT "FK_732edf4077d6c30b6875d66299e" FOREIGN KEY ("user_id") REFERENCES "users"("id") ON DELETE CASCADE ON UPDATE NO ACTION
    `);
    await queryRunner.query(`
      ALTER TABLE "customer_profiles"
        ADD CONSTRAINT "FK_99617dd6d452ad43dd992a79933" FOREIGN KEY ("user_id") REFERENCES "users"("id") ON DELETE CASCADE ON UPDATE NO ACTION
    `);
    await queryRunner.query(`
      ALTER TABLE "customer_profiles"
        ADD CONSTRAINT "FK_99aab567183e34f662a7511bf22" FOREIGN KEY ("consultant_id") REFERENCES "users"("id") ON DELETE SET NULL ON UPDATE NO ACTION
    `);
    await queryRunner.query(`
      ALTER TABLE "messages"
        ADD CONSTRAINT "FK_3bc55a7c3f9ed54b520bb5cfe23" FOREIGN KEY ("conversation_id") REFERENCES "conversations"("id") ON DELETE CASCADE ON UPDATE NO ACTION
    `);
    await queryRunner.query(`
      ALTER TABLE "tasks"
        ADD CONSTRAINT "FK_db55af84c226af9dce09487b61b" FOREIGN KEY ("user_id") REFERENCES "users"("id") ON DELETE CASCADE ON UPDATE NO ACTION
    `);
    await queryRunner.query(`
      ALTER TABLE "tasks"
        ADD CONSTRAINT "FK_855d484825b715c545349212c7f" FOREIGN KEY ("assignee_id") REFERENCES "users"("id") ON DELETE SET NULL ON UPDATE NO ACTION
    `);
    await queryRunner.query(`
      ALTER TABLE "treatments"
        ADD CONSTRAINT "FK_965fbef2aabcfa1e506119b67f5" FOREIGN KEY ("user_id") REFERENCES "users"("id") ON DELETE CASCADE ON UPDATE NO ACTION
    `);
    await queryRunner.query(`
      ALTER TABLE "treatments"
        ADD CONSTRAINT "FK_e72ce27d0b75a050fb8fb8dd040" FOREIGN KEY ("project_id") REFERENCES "projects"("id") ON DELETE SET NULL ON UPDATE NO ACTION
    `);
    await queryRunner.query(`
      CREATE INDEX "ix_users_tenant_phone"
        ON "users" ("tenant_id", "phone")
    `);
    await this.createSearchIndexes(queryRunner);
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`DROP INDEX "ix_users_roles"`);
    await queryRunner.query(`DROP INDEX "ix_users_name_prefix"`);
    await queryRunner.query(`DROP INDEX "ix_users_name_pairs"`);
    await queryRunner.query(`DROP FUNCTION "user_name_pairs"`);
    await queryRunner.query(`DROP INDEX "ix_users_search_trgm"`);
    await queryRunner.query(`DROP INDEX "ix_users_tenant_created"`);
    await queryRunner.query(`DROP INDEX "ix_users_tenant_phone"`);
    await queryRunner.query(`DROP TABLE "messages"`);
    await queryRunner.query(`DROP TABLE "conversations"`);
    await queryRunner.query(`DROP TABLE "consultations"`);
    await queryRunner.query(`DROP TABLE "treatments"`);
    await queryRunner.query(`DROP TABLE "tasks"`);
    await queryRunner.query(`DROP TABLE "customer_preferences"`);
    await queryRunner.query(`DROP TABLE "customer_profiles"`);
    await queryRunner.query(`DROP TABLE "projects"`);
  }

  private async createSearchIndexes(queryRunner: QueryRunner): Promise<void> {
    // A trusted extension: the database's owner may create it. It stays on the way down: others may use it by then.
    await queryRunner.query(`CREATE EXTENSION IF NOT EXISTS pg_trgm`);
    await queryRunner.query(`
      CREATE INDEX "ix_users_search_trgm"
        ON "users" USING gin ((lower(display_name || ' ' || username || ' ' || email || ' ' || coalesce(phone, ''))) gin_trgm_ops)
    `);
    // INCLUDE, so that search_users looks through the newest users without reading the table.
    await queryRunner.query(`
      CREATE INDEX "ix_users_tenant_created"
        ON "users" ("tenant_id", "created_at", "id") INCLUDE ("display_name", "username", "email", "phone", "roles")
    `);
    // '王小明' gives {王小,小明}; ASCII gives nothing.
    await queryRunner.query(`
      CREATE FUNCTION "user_name_pairs"(name text) RETURNS text[]
        LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
        RETURN CASE WHEN name !~ '[^ -~]{2}' THEN '{}'::text[] ELSE ARRAY(
          SELECT DISTINCT lower(substr(name, i, 2))
          FROM generate_series(1, length(name) - 1) AS i
          WHERE substr(name, i, 2) !~ '[ -~]'
        ) END
    `);
    await queryRunner.query(`
      CREATE INDEX "ix_users_name_pairs"
        ON "users" USING gin (user_name_pairs(display_name))
    `);
    await queryRunner.query(`
      CREATE INDEX "ix_users_name_prefix"
        ON "users" ("tenant_id", lower(display_name) text_pattern_ops)
    `);
    await queryRunner.query(`
      CREATE INDEX "ix_users_roles"
        ON "users" USING gin ("roles")
    `);
  }
}
