import type { MigrationInterface, QueryRunner } from 'typeorm';
import { ownByTenant } from './tenant-owned.js';

/** What is wrong with tenants' automation, and what they set for it. */
export class AutomationTroubles1790028000000 implements MigrationInterface {
  name = 'AutomationTroubles1790028000000';

  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`
      CREATE TABLE "automation_troubles" (
          "id" uuid NOT NULL,
          "tenant_id" uuid NOT NULL,
          "name" character varying(64) NOT NULL,
          "since" TIMESTAMP(3) WITH TIME ZONE,
          "alerted_at" TIMESTAMP(3) WITH TIME ZONE,
          CONSTRAINT "uq_automation_troubles_tenant_name" UNIQUE ("tenant_id", "name"),
          CONSTRAINT "pk_automation_troubles" PRIMARY KEY ("id"),
          CONSTRAINT "FK_bf0f7f93cd67fbdcf8ad55f0dee" FOREIGN KEY ("tenant_id") REFERENCES "tenants"("id") ON DELETE CASCADE
      )
    `);
    await ownByTenant(queryRunner, 'automation_troubles', { system: 'SELECT' });
    await queryRunner.query(`
      ALTER TABLE "automation_settings" ADD "catch_up_hours" smallint NOT NULL DEFAULT '72',
        ADD "alert_after_minutes" smallint NOT NULL DEFAULT '10'
    `);
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(
      `ALTER TABLE "automation_settings" DROP COLUMN "alert_after_minutes", DROP COLUMN "catch_up_hours"`,
    );
    await queryRunner.query(`DROP TABLE "automation_troubles"`);
  }
}
