import type { MigrationInterface, QueryRunner } from 'typeorm';
import { ownByTenant } from './tenant-owned.js';

const TABLES = [
  'notification_channels',
  'notification_choices',
  'notification_preferences',
  'notification_templates',
  'notices',
  'notification_deliveries',
  'push_subscriptions',
  'push_keys',
] as const;

/** How people are told things; and one feed of alerts, not of stolen keys only. */
export class Notifications1790001500000 implements MigrationInterface {
  name = 'Notifications1790001500000';

  async up(queryRunner: QueryRunner): Promise<void> {
    await this.widenAlerts(queryRunner);
    await this.createChannels(queryRunner);
    await this.createTemplates(queryRunner);
    await this.createDeliveries(queryRunner);
    await this.createPush(queryRunner);
    for (const table of TABLES) await ownByTenant(queryRunner, table);
  }

  private async createChannels(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`
      CREATE TABLE "notification_channels" (
          "id" uuid NOT NULL,
          "tenant_id" uuid NOT NULL,
          "name" character varying(100) NOT NULL,
          "kind" character varying(16) NOT NULL,
          "audience" character varying(8) NOT NULL,
          "language" character varying(8) NOT NULL DEFAULT 'en',
          "enabled" boolean NOT NULL DEFAULT true,
          "notice_kinds" character varying array NOT NULL DEFAULT '{}',
          "settings" jsonb NOT NULL DEFAULT '{}',
          "ciphertext" bytea,
          "previous_secret_until" TIMESTAMP(3) WITH TIME ZONE,
          "version" integer NOT NULL DEFAULT '1',
          "created_at" TIMESTAMP(3) WITH TIME ZONE NOT NULL DEFAULT now(),
          "updated_at" TIMESTAMP(3) WITH TIME ZONE NOT NULL DEFAULT now(),
          CONSTRAINT "UQ_8cce0b32dd5aefa9133c8078430" UNIQUE ("tenant_id", "id"),
          CONSTRAINT "PK_3bc0cb5b60e8659f5fc859b2af0" PRIMARY KEY ("id")
      )
    `);
    await queryRunner.query(
      `CREATE UNIQUE INDEX "uq_notification_channels_tenant_name" ON "notification_channels" ("tenant_id", "name")`,
    );
    await queryRunner.query(`
      ALTER TABLE "notification_channels" ADD CONSTRAINT "FK_b7d303e00660299edc1e2c8849c"
        FOREIGN KEY ("tenant_id") REFERENCES "tenants"("id") ON DELETE CASCADE ON UPDATE NO ACTION
    `);
    await queryRunner.query(`
      CREATE TABLE "notification_choices" (
          "id" uuid NOT NULL,
          "tenant_id" uuid NOT NULL,
          "user_id" uuid NOT NULL,
          "channel_id" uuid NOT NULL,
          "enabled" boolean NOT NULL DEFAULT true,
          "ciphertext" bytea,
          CONSTRAINT "PK_4085512bd93fdf9a44a2681294d" PRIMARY KEY ("id")
      )
    `);
    await queryRunner.query(
      `CREATE INDEX "idx_notification_choices_channel" ON "notification_choices" ("tenant_id", "channel_id")`,
    );
    await queryRunner.query(
      `CREATE UNIQUE INDEX "uq_notification_choices_user_channel" ON "notification_choices" ("user_id", "channel_id")`,
    );
    await queryRunner.query(`
      ALTER TABLE "notification_choices" ADD CONSTRAINT "FK_dc0e8519245fe6e09a0ea0c4bbc"
        FOREIGN KEY ("user_id", "tenant_id") REFERENCES "users"("id","tenant_id") ON DELETE CASCADE ON UPDATE NO ACTION
    `);
    await queryRunner.query(`
      ALTER TABLE "notification_choices" ADD CONSTRAINT "FK_0ecfb95b92d90f93858417db455"
        FOREIGN KEY ("channel_id", "tenant_id") REFERENCES "notification_channels"("id","tenant_id") ON DELETE CASCADE ON UPDATE NO ACTION
    `);
    await queryRunner.query(`
      CREATE TABLE "notification_preferences" (
          "user_id" uuid NOT NULL,
          "tenant_id" uuid NOT NULL,
          "language" character varying(8),
          "time_zone" character varying(64) NOT NULL DEFAULT 'UTC',
          "quiet_from" character varying(5),
          "quiet_to" character varying(5),
          "quiet_days" integer array NOT NULL DEFAULT '{1,2,3,4,5,6,7}',
          "version" integer NOT NULL DEFAULT '1',
          "updated_at" TIMESTAMP(3) WITH TIME ZONE NOT NULL DEFAULT now(),
          CONSTRAINT "PK_64c90edc7310c6be7c10c96f675" PRIMARY KEY ("user_id")
      )
    `);
    await queryRunner.query(`
      ALTER TABLE "notification_preferences" ADD CONSTRAINT "FK_9c3e6cc717b4f6dc1b0260030f2"
        FOREIGN KEY ("user_id", "tenant_id") REFERENCES "users"("id","tenant_id") ON DELETE CASCADE ON UPDATE NO ACTION
    `);
  }

  private async createTemplates(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`
      CREATE TABLE "notification_templates" (
          "id" uuid NOT NULL,
          "tenant_id" uuid NOT NULL,
          "kind" character varying(32) NOT NULL,
          "language" character varying(8) NOT NULL,
          "title" character varying(200) NOT NULL,
          "body" text NOT NULL,
          "version" integer NOT NULL DEFAULT '1',
          "created_at" TIMESTAMP(3) WITH TIME ZONE NOT NULL DEFAULT now(),
          "updated_at" TIMESTAMP(3) WITH TIME ZONE NOT NULL DEFAULT now(),
          CONSTRAINT "PK_76f0fc48b8d057d2ae7f3a2848a" PRIMARY KEY ("id")
      )
    `);
    await queryRunner.query(
      `CREATE UNIQUE INDEX "uq_notification_templates_kind_language" ON "notification_templates" ("tenant_id", "kind", "language")`,
    );
    await queryRunner.query(`
      ALTER TABLE "notification_templates" ADD CONSTRAINT "FK_e5a9758b51fe8568e19eea96730"
        FOREIGN KEY ("tenant_id") REFERENCES "tenants"("id") ON DELETE CASCADE ON UPDATE NO ACTION
    `);
  }

  private async createDeliveries(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`
      CREATE TABLE "notices" (
          "id" uuid NOT NULL,
          "tenant_id" uuid NOT NULL,
          "key" character varying(200) COLLATE "C" NOT NULL,
          "kind" character varying(32) NOT NULL,
          "variables" jsonb NOT NULL DEFAULT '{}',
          "link" text,
          "is_urgent" boolean NOT NULL DEFAULT false,
          "created_at" TIMESTAMP(3) WITH TIME ZONE NOT NULL DEFAULT now(),
          CONSTRAINT "UQ_67cae242061ff2144a8520d2f1b" UNIQUE ("tenant_id", "id"),
          CONSTRAINT "PK_3eb18c29da25d6935fcbe584237" PRIMARY KEY ("id")
      )
    `);
    await queryRunner.query(
      `CREATE INDEX "idx_notices_tenant_created" ON "notices" ("tenant_id", "created_at")`,
    );
    await queryRunner.query(`CREATE UNIQUE INDEX "uq_notices_tenant_key" ON "notices" ("tenant_id", "key")`);
    await queryRunner.query(`
      ALTER TABLE "notices" ADD CONSTRAINT "FK_a42a366f9e49adedd29143f031c"
        FOREIGN KEY ("tenant_id") REFERENCES "tenants"("id") ON DELETE CASCADE ON UPDATE NO ACTION
    `);
    await queryRunner.query(`
      CREATE TABLE "notification_deliveries" (
          "id" uuid NOT NULL,
          "tenant_id" uuid NOT NULL,
          "notice_id" uuid NOT NULL,
          "notice_key" character varying(200) NOT NULL,
          "kind" character varying(32) NOT NULL,
          "recipient_id" uuid,
          "channel_id" uuid,
          "channel_kind" character varying(16),
          "target" character varying(80) NOT NULL,
          "state" character varying(16) NOT NULL DEFAULT 'waiting',
          "reason" character varying(32),
          "attempts" integer NOT NULL DEFAULT '0',
          "last_error" character varying(300),
          "provider_status" integer,
          "not_before" TIMESTAMP(3) WITH TIME ZONE,
          "job_id" uuid,
          "created_at" TIMESTAMP(3) WITH TIME ZONE NOT NULL DEFAULT now(),
          "sent_at" TIMESTAMP(3) WITH TIME ZONE,
          CONSTRAINT "PK_81daeff81f237bd384f7cfc4a4c" PRIMARY KEY ("id")
      )
    `);
    await queryRunner.query(
      `CREATE INDEX "idx_notification_deliveries_job" ON "notification_deliveries" ("job_id")`,
    );
    await queryRunner.query(
      `CREATE INDEX "idx_notification_deliveries_recipient" ON "notification_deliveries" ("tenant_id", "recipient_id")`,
    );
    await queryRunner.query(
      `CREATE INDEX "idx_notification_deliveries_tenant" ON "notification_deliveries" ("tenant_id", "id")`,
    );
    await queryRunner.query(
      `CREATE UNIQUE INDEX "uq_notification_deliveries_target" ON "notification_deliveries" ("notice_id", "target")`,
    );
    await queryRunner.query(`
      ALTER TABLE "notification_deliveries" ADD CONSTRAINT "FK_6fce38a7305772652a2f039d18e"
        FOREIGN KEY ("notice_id", "tenant_id") REFERENCES "notices"("id","tenant_id") ON DELETE CASCADE ON UPDATE NO ACTION
    `);
    await queryRunner.query(`
      ALTER TABLE "notification_deliveries" ADD CONSTRAINT "FK_baa09bbfd61845e46f59aa31377"
        FOREIGN KEY ("recipient_id", "tenant_id") REFERENCES "users"("id","tenant_id") ON DELETE CASCADE ON UPDATE NO ACTION
    `);
  }

  private async createPush(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`
      CREATE TABLE "push_subscriptions" (
          "id" uuid NOT NULL,
          "tenant_id" uuid NOT NULL,
          "user_id" uuid NOT NULL,
          "endpoint_hash" bytea NOT NULL,
          "ciphertext" bytea NOT NULL,
          "host" character varying(253) NOT NULL,
          "user_agent" character varying(300),
          "created_at" TIMESTAMP(3) WITH TIME ZONE NOT NULL DEFAULT now(),
          CONSTRAINT "PK_757fc8f00c34f66832668dc2e53" PRIMARY KEY ("id")
      )
    `);
    await queryRunner.query(
      `CREATE INDEX "idx_push_subscriptions_user" ON "push_subscriptions" ("tenant_id", "user_id")`,
    );
    await queryRunner.query(
      `CREATE UNIQUE INDEX "uq_push_subscriptions_endpoint" ON "push_subscriptions" ("tenant_id", "endpoint_hash")`,
    );
    await queryRunner.query(`
      ALTER TABLE "push_subscriptions" ADD CONSTRAINT "FK_cd6cfbfeaa4b9838ffbc0b0b7ab"
        FOREIGN KEY ("user_id", "tenant_id") REFERENCES "users"("id","tenant_id") ON DELETE CASCADE ON UPDATE NO ACTION
    `);
    await queryRunner.query(`
      CREATE TABLE "push_keys" (
          "tenant_id" uuid NOT NULL,
          "public_key" character varying(100) NOT NULL,
          "ciphertext" bytea NOT NULL,
          "created_at" TIMESTAMP(3) WITH TIME ZONE NOT NULL DEFAULT now(),
          CONSTRAINT "PK_aa335f6b830363a697551db132c" PRIMARY KEY ("tenant_id")
      )
    `);
    await queryRunner.query(`
      ALTER TABLE "push_keys" ADD CONSTRAINT "FK_aa335f6b830363a697551db132c"
        FOREIGN KEY ("tenant_id") REFERENCES "tenants"("id") ON DELETE CASCADE ON UPDATE NO ACTION
    `);
  }

  private async widenAlerts(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`ALTER TABLE "security_alerts" RENAME TO "alerts"`);
    await queryRunner.query(`ALTER INDEX "uq_security_alerts_window" RENAME TO "uq_alerts_window"`);
    await queryRunner.query(`ALTER INDEX "idx_security_alerts_tenant" RENAME TO "idx_alerts_tenant"`);
    await queryRunner.query(`ALTER INDEX "PK_2ff9bb56b7b2e0fe8ee3e6e8c3d" RENAME TO "PK_alerts"`);
    await queryRunner.query(`
      ALTER TABLE "alerts"
        ADD "title" character varying(200) NOT NULL DEFAULT '',
        ADD "detail" text NOT NULL DEFAULT '',
        ADD "target_kind" character varying(32),
        ADD "target_id" uuid,
        ADD "key" character varying(200),
        ALTER "key_id" DROP NOT NULL,
        ALTER "group_id" DROP NOT NULL,
        ALTER "ip" DROP NOT NULL,
        ALTER "hour" DROP NOT NULL
    `);
    await queryRunner.query(`UPDATE "alerts" SET "title" = CASE "kind" WHEN 'decoy_used' THEN 'A decoy key was used'
      ELSE 'A key was used from a network that it may not be used from' END, "target_kind" = 'key', "target_id" = "key_id"`);
    await queryRunner.query(`CREATE UNIQUE INDEX "uq_alerts_tenant_key" ON "alerts" ("tenant_id", "key")`);
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    for (const table of TABLES.toReversed()) await queryRunner.query(`DROP TABLE "${table}"`);
    await this.narrowAlerts(queryRunner);
  }

  private async narrowAlerts(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`DELETE FROM "alerts" WHERE "key_id" IS NULL`);
    await queryRunner.query(`DROP INDEX "uq_alerts_tenant_key"`);
    await queryRunner.query(`
      ALTER TABLE "alerts"
        DROP COLUMN "key", DROP COLUMN "target_id", DROP COLUMN "target_kind", DROP COLUMN "detail", DROP COLUMN "title",
        ALTER "key_id" SET NOT NULL,
        ALTER "group_id" SET NOT NULL,
        ALTER "ip" SET NOT NULL,
        ALTER "hour" SET NOT NULL
    `);
    await queryRunner.query(`ALTER INDEX "PK_alerts" RENAME TO "PK_2ff9bb56b7b2e0fe8ee3e6e8c3d"`);
    await queryRunner.query(`ALTER INDEX "idx_alerts_tenant" RENAME TO "idx_security_alerts_tenant"`);
    await queryRunner.query(`ALTER INDEX "uq_alerts_window" RENAME TO "uq_security_alerts_window"`);
    await queryRunner.query(`ALTER TABLE "alerts" RENAME TO "security_alerts"`);
  }
}
