import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * Tenants, their users and tool groups, and the call log. Generated, then made partitioned by hand: TypeORM cannot
 * express `PARTITION BY` on an entity, and takes no notice of it when it compares.
 */
export class Core1790000000000 implements MigrationInterface {
  name = 'Core1790000000000';

  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`
      CREATE TABLE "tenants" (
          "id" uuid NOT NULL,
          "name" character varying(100) NOT NULL,
          "enabled" boolean NOT NULL DEFAULT true,
          "created_at" TIMESTAMP(3) WITH TIME ZONE NOT NULL DEFAULT now(),
          CONSTRAINT "UQ_32731f181236a46182a38c992a8" UNIQUE ("name"),
          CONSTRAINT "PK_53be67a04681c66b87ee27c9321" PRIMARY KEY ("id")
      )
    `);
    await queryRunner.query(`
      CREATE TABLE "users" (
          "id" uuid NOT NULL,
          "tenant_id" uuid NOT NULL,
          "username" character varying(64) NOT NULL,
          "email" character varying(254) NOT NULL,
          "display_name" character varying(100) NOT NULL,
          "phone" character varying(20),
          "avatar_url" text,
          "password_hash" text,
          "roles" character varying array NOT NULL DEFAULT '{}',
          "tier" character varying(32) NOT NULL DEFAULT 'standard',
          "enabled" boolean NOT NULL DEFAULT true,
          "created_at" TIMESTAMP(3) WITH TIME ZONE NOT NULL DEFAULT now(),
          "updated_at" TIMESTAMP(3) WITH TIME ZONE NOT NULL DEFAULT now(),
          CONSTRAINT "PK_a3ffb1c0c8416b9fc6f907b7433" PRIMARY KEY ("id")
      )
    `);
    await queryRunner.query(`
      CREATE UNIQUE INDEX "uq_users_tenant_username"
      ON "users" ("tenant_id", "username")
    `);
    await queryRunner.query(`CREATE UNIQUE INDEX "uq_users_tenant_email" ON "users" ("tenant_id", "email")`);
    await queryRunner.query(`
      CREATE TABLE "refresh_tokens" (
          "id" uuid NOT NULL,
          "user_id" uuid NOT NULL,
          "family_id" uuid NOT NULL,
          "token_hash" bytea NOT NULL,
          "expires_at" TIMESTAMP(3) WITH TIME ZONE NOT NULL,
          "used_at" TIMESTAMP(3) WITH TIME ZONE,
          "revoked_at" TIMESTAMP(3) WITH TIME ZONE,
          "created_at" TIMESTAMP(3) WITH TIME ZONE NOT NULL DEFAULT now(),
          CONSTRAINT "UQ_a7838d2ba25be1342091b6695f1" UNIQUE ("token_hash"),
          CONSTRAINT "PK_7d8bee0204106019488c4c50ffa" PRIMARY KEY ("id")
      )
    `);
    await queryRunner.query(`CREATE INDEX "idx_refresh_tokens_family" ON "refresh_tokens" ("family_id")`);
    await queryRunner.query(`
      CREATE TABLE "mcp_call_logs" (
          "id" uuid NOT NULL,
          "created_at" TIMESTAMP(3) WITH TIME ZONE NOT NULL,
          "tenant_id" uuid NOT NULL,
          "group_id" uuid NOT NULL,
          "tool_name" character varying(128) NOT NULL,
          "tool_id" uuid,
          "caller_app_id" character varying(100),
          "key_id" uuid,
          "user_id" uuid,
          "era" character varying(16) NOT NULL,
          "transport" character varying(16) NOT NULL,
          "is_test" boolean NOT NULL DEFAULT false,
          "request_data" jsonb,
          "response_data" jsonb,
          "success" boolean NOT NULL,
          "error_kind" character varying(32),
          "error_message" text,
          "duration_ms" real NOT NULL,
          CONSTRAINT "PK_5b3d5e3f408b541349891699e10" PRIMARY KEY ("id", "created_at")
      ) PARTITION BY RANGE ("created_at")
    `);
    // Catches every record whose own partition was not made in time: no record may be refused for that.
    await queryRunner.query(`CREATE TABLE "mcp_call_logs_default" PARTITION OF "mcp_call_logs" DEFAULT`);
    await queryRunner.query(`
      CREATE INDEX "idx_call_logs_time"
      ON "mcp_call_logs" ("tenant_id", "created_at", "id")
    `);
    await queryRunner.query(`
      CREATE INDEX "idx_call_logs_caller_time"
      ON "mcp_call_logs" ("tenant_id", "caller_app_id", "created_at")
    `);
    await queryRunner.query(`
      CREATE INDEX "idx_call_logs_group_time"
      ON "mcp_call_logs" ("tenant_id", "group_id", "created_at")
    `);
    await queryRunner.query(`
      CREATE INDEX "idx_call_logs_tool_success_time"
      ON "mcp_call_logs" ("tenant_id", "tool_name", "success", "created_at")
    `);
    await queryRunner.query(`
      CREATE TABLE "mcp_tool_groups" (
          "id" uuid NOT NULL,
          "tenant_id" uuid NOT NULL,
          "name" character varying(100) NOT NULL,
          "server_code" character varying(32) NOT NULL,
          "description" text NOT NULL DEFAULT '',
          "user_tier_access" character varying array NOT NULL DEFAULT '{}',
          "allowed_roles" character varying array NOT NULL DEFAULT '{}',
          "enabled" boolean NOT NULL DEFAULT true,
          "sessions" boolean NOT NULL DEFAULT false,
          "epoch" bigint NOT NULL DEFAULT '1',
          "created_by" uuid,
          "created_at" TIMESTAMP(3) WITH TIME ZONE NOT NULL DEFAULT now(),
          "updated_at" TIMESTAMP(3) WITH TIME ZONE NOT NULL DEFAULT now(),
          CONSTRAINT "UQ_75ee82190006bd1a64396e68684" UNIQUE ("server_code"),
          CONSTRAINT "PK_d5d32924ad61eb20ac82922f530" PRIMARY KEY ("id")
      )
    `);
    await queryRunner.query(`
      CREATE UNIQUE INDEX "uq_tool_groups_tenant_name"
      ON "mcp_tool_groups" ("tenant_id", "name")
    `);
    await queryRunner.query(`
      CREATE TABLE "mcp_group_keys" (
          "id" uuid NOT NULL,
          "tenant_id" uuid NOT NULL,
          "group_id" uuid NOT NULL,
          "ciphertext" bytea NOT NULL,
          "hash" bytea NOT NULL,
          "prefix" character varying(16) NOT NULL,
          "status" character varying(16) NOT NULL DEFAULT 'active',
          "expires_at" TIMESTAMP(3) WITH TIME ZONE,
          "last_used_at" TIMESTAMP(3) WITH TIME ZONE,
          "created_at" TIMESTAMP(3) WITH TIME ZONE NOT NULL DEFAULT now(),
          CONSTRAINT "UQ_643f3ec2dfae3a25e1a9e3771e6" UNIQUE ("hash"),
          CONSTRAINT "PK_6673f5e323be07d65f1964cbfd1" PRIMARY KEY ("id")
      )
    `);
    await queryRunner.query(`CREATE INDEX "idx_group_keys_group" ON "mcp_group_keys" ("group_id", "status")`);
    await queryRunner.query(`
      CREATE TABLE "mcp_tools" (
          "id" uuid NOT NULL,
          "tenant_id" uuid NOT NULL,
          "group_id" uuid NOT NULL,
          "tool_name" character varying(64) NOT NULL,
          "source" character varying(16) NOT NULL DEFAULT 'native',
          "version" character varying(20) NOT NULL DEFAULT '1.0.0',
          "description" text,
          "enabled" boolean NOT NULL DEFAULT true,
          "timeout_seconds" integer,
          "config_data" jsonb NOT NULL DEFAULT '{}',
          "created_at" TIMESTAMP(3) WITH TIME ZONE NOT NULL DEFAULT now(),
          "updated_at" TIMESTAMP(3) WITH TIME ZONE NOT NULL DEFAULT now(),
          CONSTRAINT "PK_cf33dbb75ade8797a531295e5e7" PRIMARY KEY ("id")
      )
    `);
    await queryRunner.query(`CREATE INDEX "idx_tools_tenant_name" ON "mcp_tools" ("tenant_id", "tool_name")`);
    await queryRunner.query(`
      CREATE UNIQUE INDEX "uq_tools_group_name"
      ON "mcp_tools" ("group_id", "tool_name")
    `);
    await queryRunner.query(`
      ALTER TABLE "users" ADD CONSTRAINT "FK_109638590074998bb72a2f2cf08" FOREIGN KEY ("tenant_id")
      REFERENCES "tenants"("id") ON DELETE CASCADE
    `);
    await queryRunner.query(`
      ALTER TABLE "refresh_tokens" ADD CONSTRAINT "FK_3ddc983c5f7bcf132fd8732c3f4" FOREIGN KEY ("user_id")
      REFERENCES "users"("id") ON DELETE CASCADE
    `);
    await queryRunner.query(`
      ALTER TABLE "mcp_tool_groups" ADD CONSTRAINT "FK_30f100f689fdce603d1db1a9e4e" FOREIGN KEY ("tenant_id")
      REFERENCES "tenants"("id") ON DELETE CASCADE
    `);
    await queryRunner.query(`
      ALTER TABLE "mcp_group_keys" ADD CONSTRAINT "FK_a913a790c620d1f31ee5e88cfcb" FOREIGN KEY ("group_id")
      REFERENCES "mcp_tool_groups"("id") ON DELETE CASCADE
    `);
    await queryRunner.query(`
      ALTER TABLE "mcp_tools" ADD CONSTRAINT "FK_ff7d314b0e975a69d80c7d9e63a" FOREIGN KEY ("group_id")
      REFERENCES "mcp_tool_groups"("id") ON DELETE CASCADE
    `);
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`DROP TABLE "mcp_tools"`);
    await queryRunner.query(`DROP TABLE "mcp_group_keys"`);
    await queryRunner.query(`DROP TABLE "mcp_tool_groups"`);
    await queryRunner.query(`DROP TABLE "mcp_call_logs"`);
    await queryRunner.query(`DROP TABLE "refresh_tokens"`);
    await queryRunner.query(`DROP TABLE "users"`);
    await queryRunner.query(`DROP TABLE "tenants"`);
  }
}
