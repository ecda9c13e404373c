import type { MigrationInterface, QueryRunner } from 'typeorm';
import {
  APP_ROLE,
  letTenantBeRemoved,
  letTenantStay,
  ownByTenant,
  SYSTEM_ROLE,
  tablesOfTenants,
} from './tenant-owned.js';

const OPERATING = '(SELECT id FROM tenants WHERE is_operating)';

/** The life cycle of tenants with its jobs, and feature switches. */
export class Tenants1790000600000 implements MigrationInterface {
  name = 'Tenants1790000600000';

  async up(queryRunner: QueryRunner): Promise<void> {
    await this.giveTenantsALifeCycle(queryRunner);
    await this.createJobs(queryRunner);
    await this.createFeatures(queryRunner);
    await this.letOperatorsActBeRecorded(queryRunner);
    // `ownByTenant` has done it for the tables made just now, and does it for those to come.
    for (const table of await tablesOfTenants(queryRunner)) {
      if (!['tenant_jobs', 'features'].includes(table)) await letTenantBeRemoved(queryRunner, table);
    }
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`DROP TABLE "features"`);
    await queryRunner.query(`DROP TABLE "tenant_jobs"`);
    for (const table of await tablesOfTenants(queryRunner)) await letTenantStay(queryRunner, table);
    await queryRunner.query(`DROP POLICY operators_acts ON "admin_audit_logs"`);
    await queryRunner.query(`REVOKE ALL ON "admin_audit_logs" FROM ${SYSTEM_ROLE}`);
    await queryRunner.query(`DROP POLICY tenant_removal_only ON "tenants"`);
    await queryRunner.query(`ALTER TABLE "tenants" DROP COLUMN "removing_at"`);
    await queryRunner.query(`ALTER TABLE "tenants" DROP COLUMN "version"`);
  }

  private async giveTenantsALifeCycle(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`ALTER TABLE "tenants" ADD "version" integer NOT NULL DEFAULT '1'`);
    await queryRunner.query(`ALTER TABLE "tenants" ADD "removing_at" TIMESTAMP(3) WITH TIME ZONE`);
    await queryRunner.query(`GRANT UPDATE (version) ON "tenants" TO ${APP_ROLE}`);
    await queryRunner.query(
      `CREATE POLICY tenant_removal_only ON "tenants" AS RESTRICTIVE FOR DELETE TO ${SYSTEM_ROLE}
         USING (removing_at IS NOT NULL AND NOT is_operating)`,
    );
  }

  private async createJobs(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`
      CREATE TABLE "tenant_jobs" (
          "id" uuid NOT NULL,
          "tenant_id" uuid NOT NULL,
          "kind" character varying(16) NOT NULL,
          "subject_id" uuid NOT NULL,
          "subject_name" character varying(100) NOT NULL,
          "requested_by" uuid,
          "status" character varying(16) NOT NULL DEFAULT 'queued',
          "done_rows" bigint NOT NULL DEFAULT '0',
          "total_rows" bigint,
          "position" jsonb,
          "failures" integer NOT NULL DEFAULT '0',
          "error" text,
          "created_at" TIMESTAMP(3) WITH TIME ZONE NOT NULL DEFAULT now(),
          "started_at" TIMESTAMP(3) WITH TIME ZONE,
          "finished_at" TIMESTAMP(3) WITH TIME ZONE,
          CONSTRAINT "PK_tenant_jobs" PRIMARY KEY ("id")
      )
    `);
    await queryRunner.query(`CREATE INDEX "ix_tenant_jobs_tenant" ON "tenant_jobs" ("tenant_id", "id")`);
    await queryRunner.query(
      `CREATE INDEX "ix_tenant_jobs_open" ON "tenant_jobs" ("id") WHERE "status" IN ('queued', 'running')`,
    );
    await ownByTenant(queryRunner, 'tenant_jobs', { app: 'SELECT', system: 'SELECT, INSERT, UPDATE' });
  }

  /** A row without a tenant is the installation's: only the system role sees and writes it. */
  private async createFeatures(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`
      CREATE TABLE "features" (
          "id" uuid NOT NULL,
          "tenant_id" uuid,
          "name" character varying(64) NOT NULL,
          "description" character varying(500) NOT NULL DEFAULT '',
          "enabled" boolean NOT NULL,
          "percentage" integer NOT NULL DEFAULT '100',
          "roles" character varying array NOT NULL DEFAULT '{}',
          "version" integer NOT NULL DEFAULT '1',
          "created_at" TIMESTAMP(3) WITH TIME ZONE NOT NULL DEFAULT now(),
          "updated_at" TIMESTAMP(3) WITH TIME ZONE NOT NULL DEFAULT now(),
          CONSTRAINT "PK_features" PRIMARY KEY ("id")
      )
    `);
    await queryRunner.query(
      `CREATE UNIQUE INDEX "uq_features_tenant_name" ON "features" ("tenant_id", "name")`,
    );
    await queryRunner.query(
      `CREATE UNIQUE INDEX "uq_features_installation_name" ON "features" ("name") WHERE "tenant_id" IS NULL`,
    );
    await ownByTenant(queryRunner, 'features');
    await queryRunner.query(
      `CREATE POLICY all_reads ON "features" FOR SELECT TO ${SYSTEM_ROLE} USING (true)`,
    );
    await queryRunner.query(
      `CREATE POLICY installation_writes ON "features" TO ${SYSTEM_ROLE}
         USING (tenant_id IS NULL) WITH CHECK (tenant_id IS NULL)`,
    );
    // Also of the installation's own rows, which the restrictive policy of a removal would leave out.
    await queryRunner.query(`DROP POLICY tenant_removal_only ON "features"`);
    await queryRunner.query(`GRANT SELECT, INSERT, UPDATE, DELETE ON "features" TO ${SYSTEM_ROLE}`);
  }

  /** Acts on other tenants are done by the system role and recorded with the operating tenant, in the same transaction. */
  private async letOperatorsActBeRecorded(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(
      `CREATE POLICY operators_acts ON "admin_audit_logs" TO ${SYSTEM_ROLE}
         USING (tenant_id = ${OPERATING}) WITH CHECK (tenant_id = ${OPERATING})`,
    );
    await queryRunner.query(`GRANT INSERT, SELECT (created_at) ON "admin_audit_logs" TO ${SYSTEM_ROLE}`);
  }
}
