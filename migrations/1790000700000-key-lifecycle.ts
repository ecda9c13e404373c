import type { MigrationInterface, QueryRunner } from 'typeorm';
import { ownByTenant } from './tenant-owned.js';

/** Several keys per group with a life of their own, tools that narrow who may call them, and alerts. */
export class KeyLifecycle1790000700000 implements MigrationInterface {
  name = 'KeyLifecycle1790000700000';

  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`
      ALTER TABLE "mcp_group_keys"
        ADD "name" character varying(100) NOT NULL DEFAULT 'default',
        ADD "owner" character varying(200),
        ADD "allowed_networks" character varying array NOT NULL DEFAULT '{}',
        ADD "tool_names" character varying array,
        ADD "is_decoy" boolean NOT NULL DEFAULT false,
        ADD "created_by" uuid,
        ADD "revoked_at" TIMESTAMP(3) WITH TIME ZONE,
        ADD "version" integer NOT NULL DEFAULT '1'
    `);
    await queryRunner.query(
      `CREATE UNIQUE INDEX "uq_group_keys_group_name" ON "mcp_group_keys" ("group_id", "name") WHERE "status" = 'active'`,
    );
    await queryRunner.query(`
      ALTER TABLE "mcp_tools"
        ADD "allowed_roles" character varying array NOT NULL DEFAULT '{}',
        ADD "user_tier_access" character varying array NOT NULL DEFAULT '{}'
    `);
    await queryRunner.query(`
      CREATE TABLE "security_alerts" (
          "id" uuid NOT NULL,
          "tenant_id" uuid NOT NULL,
          "kind" character varying(32) NOT NULL,
          "key_id" uuid NOT NULL,
          "group_id" uuid NOT NULL,
          "ip" character varying(64) NOT NULL,
          "user_agent" character varying(300),
          "hour" TIMESTAMP(3) WITH TIME ZONE NOT NULL,
          "uses" integer NOT NULL DEFAULT '1',
          "first_seen_at" TIMESTAMP(3) WITH TIME ZONE NOT NULL DEFAULT now(),
          "last_seen_at" TIMESTAMP(3) WITH TIME ZONE NOT NULL DEFAULT now(),
          "acknowledged_at" TIMESTAMP(3) WITH TIME ZONE,
          "acknowledged_by" uuid,
          CONSTRAINT "PK_2ff9bb56b7b2e0fe8ee3e6e8c3d" PRIMARY KEY ("id")
      )
    `);
    await queryRunner.query(
      `CREATE UNIQUE INDEX "uq_security_alerts_window" ON "security_alerts" ("key_id", "kind", "ip", "hour")`,
    );
    await queryRunner.query(
      `CREATE INDEX "idx_security_alerts_tenant" ON "security_alerts" ("tenant_id", "id")`,
    );
    await ownByTenant(queryRunner, 'security_alerts');
    await this.tellOfUsers(queryRunner);
  }

  /**
   * Replicas keep who a user's token stands for in memory. Whatever takes rights from a person, by whichever way, tells them.
   */
  private async tellOfUsers(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`
      CREATE FUNCTION "tell_of_user"() RETURNS trigger LANGUAGE plpgsql AS $$
      BEGIN
        PERFORM pg_notify('toolcrib_changes', json_build_object('kind', 'user', 'ref', gen_random_uuid(),
          'id', CASE WHEN TG_TABLE_NAME = 'users' THEN OLD.id ELSE (to_jsonb(OLD)->>'user_id')::uuid END)::text);
        RETURN NULL;
      END $$
    `);
    await queryRunner.query(`
      CREATE TRIGGER "tell_of_user" AFTER DELETE OR UPDATE OF "roles", "tier", "enabled" ON "users"
        FOR EACH ROW EXECUTE FUNCTION "tell_of_user"()
    `);
    await queryRunner.query(`
      CREATE TRIGGER "tell_of_sign_in" AFTER DELETE OR UPDATE OF "revoked_at" ON "refresh_tokens"
        FOR EACH ROW EXECUTE FUNCTION "tell_of_user"()
    `);
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`DROP TRIGGER "tell_of_sign_in" ON "refresh_tokens"`);
    await queryRunner.query(`DROP TRIGGER "tell_of_user" ON "users"`);
    await queryRunner.query(`DROP FUNCTION "tell_of_user"`);
    await queryRunner.query(`DROP TABLE "security_alerts"`);
    await queryRunner.query(
      `ALTER TABLE "mcp_tools" DROP COLUMN "user_tier_access", DROP COLUMN "allowed_roles"`,
    );
    await queryRunner.query(`DROP INDEX "uq_group_keys_group_name"`);
    await queryRunner.query(`
      ALTER TABLE "mcp_group_keys"
        DROP COLUMN "version", DROP COLUMN "revoked_at", DROP COLUMN "created_by", DROP COLUMN "is_decoy",
        DROP COLUMN "tool_names", DROP COLUMN "allowed_networks", DROP COLUMN "owner", DROP COLUMN "name"
    `);
  }
}
