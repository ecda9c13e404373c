import type { MigrationInterface, QueryRunner } from 'typeorm';
import { ownByTenant, shareWithAll } from './tenant-owned.js';

const TENANT_TABLES = [
  'sessions',
  'one_time_tokens',
  'sign_in_settings',
  'second_factors',
  'personal_tokens',
  'oidc_providers',
  'oidc_identities',
  'domain_events',
];

/** People: what signing in needs beside a password, personal tokens, outside providers, and events with after-effects. */
export class People1790000500000 implements MigrationInterface {
  name = 'People1790000500000';

  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`ALTER TABLE "users" ADD "version" integer NOT NULL DEFAULT '1'`);
    await this.createSignIn(queryRunner);
    await this.createFactors(queryRunner);
    await this.createOidc(queryRunner);
    await this.createEvents(queryRunner);
    await this.takeOverSessions(queryRunner);
    await this.isolate(queryRunner);
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    for (const table of TENANT_TABLES.toReversed()) await queryRunner.query(`DROP TABLE "${table}"`);
    await queryRunner.query(`DROP TABLE "sign_in_attempts"`);
    await queryRunner.query(`ALTER TABLE "users" DROP COLUMN "version"`);
  }

  private async createSignIn(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`
      CREATE TABLE "one_time_tokens" (
          "id" uuid NOT NULL,
          "tenant_id" uuid NOT NULL,
          "user_id" uuid NOT NULL,
          "purpose" character varying(16) NOT NULL,
          "token_hash" bytea NOT NULL,
          "data" jsonb NOT NULL DEFAULT '{}',
          "expires_at" TIMESTAMP(3) WITH TIME ZONE NOT NULL,
          "created_at" TIMESTAMP(3) WITH TIME ZONE NOT NULL DEFAULT now(),
          CONSTRAINT "UQ_22e595d22f108ce4f2843e043ae" UNIQUE ("token_hash"),
          CONSTRAINT "PK_8e470cc9ffc1b2afa054304db17" PRIMARY KEY ("id")
      )
    `);
    await queryRunner.query(
      `CREATE INDEX "idx_one_time_tokens_user" ON "one_time_tokens" ("user_id", "purpose")`,
    );
    await queryRunner.query(`
      CREATE TABLE "sessions" (
          "id" uuid NOT NULL,
          "tenant_id" uuid NOT NULL,
          "user_id" uuid NOT NULL,
          "method" character varying(16) NOT NULL,
          "ip" character varying(64),
          "user_agent" character varying(300),
          "created_at" TIMESTAMP(3) WITH TIME ZONE NOT NULL DEFAULT now(),
          "last_used_at" TIMESTAMP(3) WITH TIME ZONE NOT NULL DEFAULT now(),
          CONSTRAINT "PK_3238ef96f18b355b671619111bc" PRIMARY KEY ("id")
      )
    `);
    await queryRunner.query(`CREATE INDEX "idx_sessions_user" ON "sessions" ("user_id", "id")`);
    await queryRunner.query(`
      CREATE TABLE "sign_in_attempts" (
          "key_hash" bytea NOT NULL,
          "failures" integer NOT NULL DEFAULT '0',
          "since" TIMESTAMP(3) WITH TIME ZONE NOT NULL DEFAULT now(),
          "last_at" TIMESTAMP(3) WITH TIME ZONE NOT NULL DEFAULT now(),
          "locked_until" TIMESTAMP(3) WITH TIME ZONE,
          "succeeded_at" TIMESTAMP(3) WITH TIME ZONE,
          CONSTRAINT "PK_df3d09968fb1f35413047cd2010" PRIMARY KEY ("key_hash")
      )
    `);
    await queryRunner.query(`CREATE INDEX "idx_sign_in_attempts_last" ON "sign_in_attempts" ("last_at")`);
    await queryRunner.query(`
      CREATE TABLE "sign_in_settings" (
          "tenant_id" uuid NOT NULL,
          "registration" character varying(8) NOT NULL DEFAULT 'off',
          "registration_code_hash" bytea,
          "require_second_factor" boolean NOT NULL DEFAULT false,
          "version" integer NOT NULL DEFAULT '1',
          "updated_at" TIMESTAMP(3) WITH TIME ZONE NOT NULL DEFAULT now(),
          CONSTRAINT "PK_f53ea2bab9fb428ac4f542dc550" PRIMARY KEY ("tenant_id")
      )
    `);
    await queryRunner.query(`
      ALTER TABLE "one_time_tokens" ADD CONSTRAINT "FK_0dc2deee64e514ad6f7e69504e1"
        FOREIGN KEY ("user_id") REFERENCES "users"("id") ON DELETE CASCADE
    `);
    await queryRunner.query(`
      ALTER TABLE "sessions" ADD CONSTRAINT "FK_085d540d9f418cfbdc7bd55bb19"
        FOREIGN KEY ("user_id") REFERENCES "users"("id") ON DELETE CASCADE
    `);
    await queryRunner.query(`
      ALTER TABLE "sign_in_settings" ADD CONSTRAINT "FK_f53ea2bab9fb428ac4f542dc550"
        FOREIGN KEY ("tenant_id") REFERENCES "tenants"("id") ON DELETE CASCADE
    `);
  }

  private async createFactors(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`
      CREATE TABLE "personal_tokens" (
          "id" uuid NOT NULL,
          "tenant_id" uuid NOT NULL,
          "user_id" uuid NOT NULL,
          "name" character varying(100) NOT NULL,
          "token_hash" bytea NOT NULL,
          "prefix" character varying(16) NOT NULL,
          "scopes" character varying array NOT NULL,
          "expires_at" TIMESTAMP(3) WITH TIME ZONE NOT NULL,
          "last_used_at" TIMESTAMP(3) WITH TIME ZONE,
          "revoked_at" TIMESTAMP(3) WITH TIME ZONE,
          "created_at" TIMESTAMP(3) WITH TIME ZONE NOT NULL DEFAULT now(),
          CONSTRAINT "UQ_13cbd60bdfd3a556e15db2056cd" UNIQUE ("token_hash"),
          CONSTRAINT "PK_278d2b70b7f8e7841366b3d5543" PRIMARY KEY ("id")
      )
    `);
    await queryRunner.query(`CREATE INDEX "idx_personal_tokens_user" ON "personal_tokens" ("user_id", "id")`);
    await queryRunner.query(`
      CREATE TABLE "second_factors" (
          "user_id" uuid NOT NULL,
          "tenant_id" uuid NOT NULL,
          "secret" bytea NOT NULL,
          "confirmed_at" TIMESTAMP(3) WITH TIME ZONE,
          "last_step" bigint NOT NULL DEFAULT '0',
          "recovery_hashes" bytea array NOT NULL DEFAULT '{}',
          "created_at" TIMESTAMP(3) WITH TIME ZONE NOT NULL DEFAULT now(),
          CONSTRAINT "PK_16f2eb964b73e67d1f570c34825" PRIMARY KEY ("user_id")
      )
    `);
    await queryRunner.query(`
      ALTER TABLE "personal_tokens" ADD CONSTRAINT "FK_6830bc174c3bece0fb1d4aee28b"
        FOREIGN KEY ("user_id") REFERENCES "users"("id") ON DELETE CASCADE
    `);
    await queryRunner.query(`
      ALTER TABLE "second_factors" ADD CONSTRAINT "FK_16f2eb964b73e67d1f570c34825"
        FOREIGN KEY ("user_id") REFERENCES "users"("id") ON DELETE CASCADE
    `);
  }

  private async createOidc(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`
      CREATE TABLE "oidc_identities" (
          "id" uuid NOT NULL,
          "tenant_id" uuid NOT NULL,
          "user_id" uuid NOT NULL,
          "issuer" character varying(500) NOT NULL,
          "subject" character varying(255) NOT NULL,
          "created_at" TIMESTAMP(3) WITH TIME ZONE NOT NULL DEFAULT now(),
          CONSTRAINT "PK_5f2ee4d63e1d0ca3bc5c924dcf4" PRIMARY KEY ("id")
      )
    `);
    await queryRunner.query(`CREATE INDEX "idx_oidc_identities_user" ON "oidc_identities" ("user_id")`);
    await queryRunner.query(`
      CREATE UNIQUE INDEX "uq_oidc_identities_subject" ON "oidc_identities" ("tenant_id", "issuer", "subject")
    `);
    await queryRunner.query(`
      CREATE TABLE "oidc_providers" (
          "id" uuid NOT NULL,
          "tenant_id" uuid NOT NULL,
          "name" character varying(100) NOT NULL,
          "issuer" character varying(500) NOT NULL,
          "client_id" character varying(200) NOT NULL,
          "client_secret" bytea,
          "scopes" character varying array NOT NULL DEFAULT '{openid,email,profile}',
          "email_claim" character varying(100) NOT NULL DEFAULT 'email',
          "name_claim" character varying(100) NOT NULL DEFAULT 'name',
          "roles_claim" character varying(100),
          "role_map" jsonb NOT NULL DEFAULT '{}',
          "tier_claim" character varying(100),
          "tier_map" jsonb NOT NULL DEFAULT '{}',
          "default_roles" character varying array NOT NULL DEFAULT '{customer}',
          "email_domains" character varying array NOT NULL DEFAULT '{}',
          "create_users" boolean NOT NULL DEFAULT false,
          "enabled" boolean NOT NULL DEFAULT true,
          "version" integer NOT NULL DEFAULT '1',
          "created_at" TIMESTAMP(3) WITH TIME ZONE NOT NULL DEFAULT now(),
          "updated_at" TIMESTAMP(3) WITH TIME ZONE NOT NULL DEFAULT now(),
          CONSTRAINT "PK_7e80d1ff5af72ef3fdfba897fd2" PRIMARY KEY ("id")
      )
    `);
    await queryRunner.query(`
      CREATE UNIQUE INDEX "uq_oidc_providers_tenant_name" ON "oidc_providers" ("tenant_id", "name")
    `);
    await queryRunner.query(`
      ALTER TABLE "oidc_identities" ADD CONSTRAINT "FK_9fe6252422ff84d3a961b11b930"
        FOREIGN KEY ("user_id") REFERENCES "users"("id") ON DELETE CASCADE
    `);
    await queryRunner.query(`
      ALTER TABLE "oidc_providers" ADD CONSTRAINT "FK_1404fac3341a3849d801b0222b9"
        FOREIGN KEY ("tenant_id") REFERENCES "tenants"("id") ON DELETE CASCADE
    `);
  }

  private async createEvents(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`
      CREATE TABLE "domain_events" (
          "id" uuid NOT NULL,
          "tenant_id" uuid NOT NULL,
          "kind" character varying(64) NOT NULL,
          "payload" jsonb NOT NULL,
          "created_at" TIMESTAMP(3) WITH TIME ZONE NOT NULL DEFAULT now(),
          "picked_up_at" TIMESTAMP(3) WITH TIME ZONE,
          CONSTRAINT "PK_66e0920a32dda3a89b46ee7a981" PRIMARY KEY ("id")
      )
    `);
    await queryRunner.query(`
      CREATE INDEX "idx_domain_events_tenant" ON "domain_events" ("tenant_id", "kind", "created_at")
    `);
    await queryRunner.query(`
      CREATE INDEX "idx_domain_events_waiting" ON "domain_events" ("id") WHERE "picked_up_at" IS NULL
    `);
  }

  /** Sign-ins from before go on, and are listed. The forced security would hide them from the schema's owner, too. */
  private async takeOverSessions(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`ALTER TABLE "refresh_tokens" NO FORCE ROW LEVEL SECURITY`);
    await queryRunner.query(`
      INSERT INTO "sessions" ("id", "tenant_id", "user_id", "method", "created_at", "last_used_at")
      SELECT "family_id", "tenant_id", "user_id", 'password', min("created_at"), max("created_at")
      FROM "refresh_tokens" GROUP BY "family_id", "tenant_id", "user_id"
    `);
    await queryRunner.query(`ALTER TABLE "refresh_tokens" FORCE ROW LEVEL SECURITY`);
  }

  /** The system role finds out whose credential it is that somebody shows; the rest happens inside the tenant. */
  private async isolate(queryRunner: QueryRunner): Promise<void> {
    await ownByTenant(queryRunner, 'sessions');
    await ownByTenant(queryRunner, 'one_time_tokens', { system: 'SELECT' });
    await ownByTenant(queryRunner, 'sign_in_settings', { system: 'SELECT' });
    await ownByTenant(queryRunner, 'second_factors');
    await ownByTenant(queryRunner, 'personal_tokens', { system: 'SELECT' });
    await ownByTenant(queryRunner, 'oidc_providers', { system: 'SELECT' });
    await ownByTenant(queryRunner, 'oidc_identities');
    await ownByTenant(queryRunner, 'domain_events', {
      app: 'SELECT, INSERT',
      system: 'SELECT, UPDATE (picked_up_at)',
    });
    await shareWithAll(queryRunner, 'sign_in_attempts', { system: 'SELECT, INSERT, UPDATE, DELETE' });
  }
}
