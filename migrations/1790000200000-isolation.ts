import type { MigrationInterface, QueryRunner } from 'typeorm';
import { APP_ROLE, LOG_ROLE, ownByTenant, shareWithAll, SYSTEM_ROLE } from './tenant-owned.js';

const BUSINESS_TABLES = [
  'projects',
  'consultations',
  'conversations',
  'customer_preferences',
  'customer_profiles',
  'messages',
  'tasks',
  'treatments',
];

/**
 * Row-level security on every table with rows of a tenant, the rights of the service's roles, and the admin audit. The
 * roles must exist (see `database-roles.ts`).
 */
export class Isolation1790000200000 implements MigrationInterface {
  name = 'Isolation1790000200000';

  async up(queryRunner: QueryRunner): Promise<void> {
    await this.createTenantFunction(queryRunner);
    await queryRunner.query(`ALTER TABLE "tenants" ADD "is_operating" boolean NOT NULL DEFAULT false`);
    await queryRunner.query(
      `UPDATE "tenants" SET "is_operating" = true WHERE "id" = (SELECT "id" FROM "tenants" ORDER BY "created_at", "id" LIMIT 1)`,
    );
    await queryRunner.query(
      `CREATE UNIQUE INDEX "uq_tenants_operating" ON "tenants" ("is_operating") WHERE "is_operating"`,
    );
    await queryRunner.query(
      `ALTER TABLE "mcp_tool_groups" RENAME CONSTRAINT "UQ_75ee82190006bd1a64396e68684" TO "uq_tool_groups_server_code"`,
    );
    await this.giveTokensATenant(queryRunner);
    await this.createAudit(queryRunner);
    await this.isolate(queryRunner);
    await this.createUserSearch(queryRunner);
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`DROP VIEW "user_search"`);
    await queryRunner.query(`DROP TABLE "admin_audit_logs"`);
    for (const table of [
      ...BUSINESS_TABLES,
      'tenants',
      'users',
      'refresh_tokens',
      'mcp_tool_groups',
      'mcp_tools',
      'mcp_group_keys',
      'mcp_call_logs',
      'mcp_call_logs_default',
    ]) {
      for (const policy of [
        'tenant_isolation',
        'owner_reads',
        `all_tenants_${SYSTEM_ROLE}`,
        `all_tenants_${LOG_ROLE}`,
      ]) {
        await queryRunner.query(`DROP POLICY IF EXISTS "${policy}" ON "${table}"`);
      }
      await queryRunner.query(
        `ALTER TABLE "${table}" NO FORCE ROW LEVEL SECURITY, DISABLE ROW LEVEL SECURITY`,
      );
      await queryRunner.query(`REVOKE ALL ON "${table}" FROM ${APP_ROLE}, ${SYSTEM_ROLE}, ${LOG_ROLE}`);
    }
    await queryRunner.query(`REVOKE ALL ON "migrations" FROM ${APP_ROLE}`);
    await queryRunner.query(`DROP INDEX "idx_refresh_tokens_user"`);
    await queryRunner.query(`ALTER TABLE "refresh_tokens" DROP COLUMN "tenant_id"`);
    await queryRunner.query(
      `ALTER TABLE "mcp_tool_groups" RENAME CONSTRAINT "uq_tool_groups_server_code" TO "UQ_75ee82190006bd1a64396e68684"`,
    );
    await queryRunner.query(`DROP INDEX "uq_tenants_operating"`);
    await queryRunner.query(`ALTER TABLE "tenants" DROP COLUMN "is_operating"`);
    await queryRunner.query(`DROP FUNCTION "current_tenant_id"`);
  }

  /** Null outside a unit of work, and null equals nothing: then a table reads as empty and takes no row. */
  private async createTenantFunction(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`
      CREATE FUNCTION "current_tenant_id"() RETURNS uuid LANGUAGE sql STABLE PARALLEL SAFE
        RETURN nullif(current_setting('toolcrib.tenant_id', true), '')::uuid
    `);
    await queryRunner.query(`GRANT USAGE ON SCHEMA public TO ${APP_ROLE}, ${SYSTEM_ROLE}, ${LOG_ROLE}`);
  }

  private async giveTokensATenant(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`ALTER TABLE "refresh_tokens" ADD "tenant_id" uuid`);
    await queryRunner.query(
      `UPDATE "refresh_tokens" token SET "tenant_id" = "user".tenant_id FROM "users" "user" WHERE "user".id = token.user_id`,
    );
    await queryRunner.query(`ALTER TABLE "refresh_tokens" ALTER COLUMN "tenant_id" SET NOT NULL`);
    await queryRunner.query(`CREATE INDEX "idx_refresh_tokens_user" ON "refresh_tokens" ("user_id")`);
  }

  private async createAudit(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`
      CREATE TABLE "admin_audit_logs" (
          "id" uuid NOT NULL,
          "tenant_id" uuid NOT NULL,
          "created_at" TIMESTAMP(3) WITH TIME ZONE NOT NULL DEFAULT now(),
          "actor_kind" character varying(16) NOT NULL,
          "actor_id" uuid,
          "actor_name" character varying(254),
          "action" character varying(200) NOT NULL,
          "target_kind" character varying(32),
          "target_id" uuid,
          "target_name" character varying(254),
          "before" jsonb,
          "after" jsonb,
          "result" character varying(16) NOT NULL,
          "reason" text,
          "ip" character varying(64),
          "user_agent" character varying(300),
          "request_id" character varying(64),
          CONSTRAINT "PK_a0d3ea4a4fc9bd7fbe9e4c4ec95" PRIMARY KEY ("id")
      )
    `);
    await queryRunner.query(
      `CREATE INDEX "idx_admin_audit_logs_time" ON "admin_audit_logs" ("tenant_id", "created_at", "id")`,
    );
    await queryRunner.query(
      `CREATE INDEX "idx_admin_audit_logs_actor_time" ON "admin_audit_logs" ("tenant_id", "actor_id", "created_at")`,
    );
    await queryRunner.query(
      `CREATE INDEX "idx_admin_audit_logs_target_time" ON "admin_audit_logs" ("tenant_id", "target_id", "created_at")`,
    );
  }

  private async isolate(queryRunner: QueryRunner): Promise<void> {
    for (const table of BUSINESS_TABLES) await ownByTenant(queryRunner, table);
    await ownByTenant(queryRunner, 'tenants', {
      column: 'id',
      app: 'SELECT, UPDATE (name, enabled)',
      system: 'SELECT, INSERT, UPDATE, DELETE',
    });
    await ownByTenant(queryRunner, 'users', { system: 'SELECT' });
    await ownByTenant(queryRunner, 'refresh_tokens', { system: 'SELECT' });
    await ownByTenant(queryRunner, 'admin_audit_logs', { app: 'SELECT, INSERT' });
    await ownByTenant(queryRunner, 'mcp_tool_groups', { system: 'SELECT' });
    await ownByTenant(queryRunner, 'mcp_tools', { system: 'SELECT' });
    await ownByTenant(queryRunner, 'mcp_group_keys', { system: 'SELECT, UPDATE (last_used_at)' });
    await ownByTenant(queryRunner, 'mcp_call_logs', { app: 'SELECT', log: 'INSERT' });
    // Reached through its parent only: a partition has policies of its own and no rights.
    await queryRunner.query(
      `ALTER TABLE "mcp_call_logs_default" ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY`,
    );
    await shareWithAll(queryRunner, 'migrations', { app: 'SELECT' });
  }

  /**
   * What search_users looks through. Under a policy the planner may not use the trigram and array indexes, because their
   * operators are not leakproof; the view's own condition keeps to the tenant without standing in their way. It runs as the
   * schema's owner, who needs a policy of its own: the security is forced.
   */
  private async createUserSearch(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`CREATE POLICY owner_reads ON "users" FOR SELECT TO CURRENT_USER USING (true)`);
    await queryRunner.query(`
      CREATE VIEW "user_search" AS
        SELECT id, tenant_id, username, display_name, email, phone, avatar_url, roles, tier, enabled, created_at
        FROM users WHERE tenant_id = (SELECT current_tenant_id())
    `);
    await queryRunner.query(`GRANT SELECT ON "user_search" TO ${APP_ROLE}`);
  }
}
