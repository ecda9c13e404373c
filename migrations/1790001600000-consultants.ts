import type { MigrationInterface, QueryRunner } from 'typeorm';
import { ownByTenant } from './tenant-owned.js';

/** Live events with who is connected, and consultants with the customers they claim. */
export class Consultants1790001600000 implements MigrationInterface {
  name = 'Consultants1790001600000';

  async up(queryRunner: QueryRunner): Promise<void> {
    await this.createLive(queryRunner);
    await this.numberAtCommit(queryRunner);
    await this.createConsultants(queryRunner);
    await this.createClaims(queryRunner);
    await ownByTenant(queryRunner, 'live_events', { app: 'SELECT, INSERT, DELETE, UPDATE (cursor)' });
    await ownByTenant(queryRunner, 'live_cursors', { app: 'SELECT, INSERT, UPDATE' });
    await ownByTenant(queryRunner, 'live_presence', { app: 'SELECT, INSERT, DELETE' });
    for (const table of ['consultant_profiles', 'consultant_settings', 'customer_claims'])
      await ownByTenant(queryRunner, table);
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    for (const table of ['customer_claims', 'consultant_settings', 'consultant_profiles', 'live_presence'])
      await queryRunner.query(`DROP TABLE "${table}"`);
    await queryRunner.query(`DROP TABLE "live_events"`);
    await queryRunner.query(`DROP TABLE "live_cursors"`);
    await queryRunner.query(`DROP FUNCTION number_live_event()`);
  }

  private async createLive(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`
      CREATE TABLE "live_events" (
          "id" uuid NOT NULL,
          "tenant_id" uuid NOT NULL,
          "cursor" bigint,
          "kind" character varying(64) NOT NULL,
          "user_ids" uuid array NOT NULL DEFAULT '{}',
          "roles" character varying array NOT NULL DEFAULT '{}',
          "payload" jsonb NOT NULL,
          "created_at" TIMESTAMP(3) WITH TIME ZONE NOT NULL DEFAULT now(),
          CONSTRAINT "PK_ff25dc1ee3cb53cbfbfae3e1ae9" PRIMARY KEY ("id")
      )
    `);
    await queryRunner.query(
      `CREATE UNIQUE INDEX "uq_live_events_cursor" ON "live_events" ("tenant_id", "cursor")`,
    );
    await queryRunner.query(`CREATE INDEX "ix_live_events_created" ON "live_events" ("created_at")`);
    await queryRunner.query(`
      CREATE TABLE "live_cursors" (
          "tenant_id" uuid NOT NULL,
          "last" bigint NOT NULL DEFAULT '0',
          "removed_to" bigint NOT NULL DEFAULT '0',
          CONSTRAINT "PK_8d703623a2c71db2d8c5bfc8683" PRIMARY KEY ("tenant_id")
      )
    `);
    await queryRunner.query(`
      CREATE TABLE "live_presence" (
          "connection_id" uuid NOT NULL,
          "tenant_id" uuid NOT NULL,
          "user_id" uuid NOT NULL,
          "replica_id" uuid NOT NULL,
          "connected_at" TIMESTAMP(3) WITH TIME ZONE NOT NULL DEFAULT now(),
          CONSTRAINT "PK_c0c4fbd8b4bed369a993586a49a" PRIMARY KEY ("connection_id")
      )
    `);
    await queryRunner.query(
      `CREATE INDEX "ix_live_presence_user" ON "live_presence" ("tenant_id", "user_id")`,
    );
    await queryRunner.query(`CREATE INDEX "ix_live_presence_replica" ON "live_presence" ("replica_id")`);
    await queryRunner.query(`
      ALTER TABLE "live_events" ADD CONSTRAINT "FK_6f04e9a613f83376d857fb083bb"
        FOREIGN KEY ("tenant_id") REFERENCES "tenants"("id") ON DELETE CASCADE ON UPDATE NO ACTION
    `);
    await queryRunner.query(`
      ALTER TABLE "live_cursors" ADD CONSTRAINT "FK_8d703623a2c71db2d8c5bfc8683"
        FOREIGN KEY ("tenant_id") REFERENCES "tenants"("id") ON DELETE CASCADE ON UPDATE NO ACTION
    `);
    await queryRunner.query(`
      ALTER TABLE "live_presence" ADD CONSTRAINT "FK_de295bb1a26a3e6a6d478be5c9c"
        FOREIGN KEY ("tenant_id", "user_id") REFERENCES "users"("tenant_id", "id") ON DELETE CASCADE ON UPDATE NO ACTION
    `);
    await queryRunner.query(`
      ALTER TABLE "live_presence" ADD CONSTRAINT "FK_53f8b26af88ad75d0d136f1a04b"
        FOREIGN KEY ("replica_id") REFERENCES "replicas"("id") ON DELETE CASCADE ON UPDATE NO ACTION
    `);
  }

  /**
   * An event gets its number when its transaction commits, from a row that stays locked until the commit is visible: whoever
   * sees a number sees all below it. Being the last thing that a transaction does, it is waited for briefly and blocks no other row.
   */
  private async numberAtCommit(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`
      CREATE FUNCTION number_live_event() RETURNS trigger
      LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
      DECLARE number bigint;
      BEGIN
        INSERT INTO public.live_cursors AS c (tenant_id, last) VALUES (NEW.tenant_id, 1)
          ON CONFLICT (tenant_id) DO UPDATE SET last = c.last + 1 RETURNING c.last INTO number;
        UPDATE public.live_events SET cursor = number WHERE id = NEW.id;
        RETURN NULL;
      END $$
    `);
    await queryRunner.query(`
      CREATE CONSTRAINT TRIGGER number_live_event AFTER INSERT ON live_events
        DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION number_live_event()
    `);
  }

  private async createConsultants(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`
      CREATE TABLE "consultant_profiles" (
          "user_id" uuid NOT NULL,
          "tenant_id" uuid NOT NULL,
          "skills" character varying array NOT NULL DEFAULT '{}',
          "level" integer NOT NULL DEFAULT '1',
          "max_open_customers" integer NOT NULL DEFAULT '20',
          "available" boolean NOT NULL DEFAULT true,
          "version" integer NOT NULL DEFAULT '1',
          "created_at" TIMESTAMP(3) WITH TIME ZONE NOT NULL DEFAULT now(),
          "updated_at" TIMESTAMP(3) WITH TIME ZONE NOT NULL DEFAULT now(),
          CONSTRAINT "PK_2fd3ae5f95607d9257b7be96806" PRIMARY KEY ("user_id")
      )
    `);
    await queryRunner.query(`
      CREATE TABLE "consultant_settings" (
          "tenant_id" uuid NOT NULL,
          "allocation" character varying(16) NOT NULL DEFAULT 'free',
          "offer_seconds" integer NOT NULL DEFAULT '60',
          "expected_response_seconds" integer NOT NULL DEFAULT '300',
          "conversation_link" character varying(500) NOT NULL DEFAULT '',
          "levels" jsonb NOT NULL DEFAULT '[]',
          "alert_after_seconds" integer NOT NULL DEFAULT '900',
          "last_offered_to" uuid,
          "version" integer NOT NULL DEFAULT '1',
          "created_at" TIMESTAMP(3) WITH TIME ZONE NOT NULL DEFAULT now(),
          "updated_at" TIMESTAMP(3) WITH TIME ZONE NOT NULL DEFAULT now(),
          CONSTRAINT "PK_7217da75323552f8fa4347ffda1" PRIMARY KEY ("tenant_id")
      )
    `);
    await queryRunner.query(`
      ALTER TABLE "consultant_profiles" ADD CONSTRAINT "FK_1dbd99191675d4c61541b22516c"
        FOREIGN KEY ("tenant_id", "user_id") REFERENCES "users"("tenant_id", "id") ON DELETE CASCADE ON UPDATE NO ACTION
    `);
    await queryRunner.query(`
      ALTER TABLE "consultant_settings" ADD CONSTRAINT "FK_7217da75323552f8fa4347ffda1"
        FOREIGN KEY ("tenant_id") REFERENCES "tenants"("id") ON DELETE CASCADE ON UPDATE NO ACTION
    `);
  }

  private async createClaims(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`
      CREATE TABLE "customer_claims" (
          "id" uuid NOT NULL,
          "tenant_id" uuid NOT NULL,
          "user_id" uuid NOT NULL,
          "conversation_id" uuid NOT NULL,
          "run_id" uuid,
          "state" character varying(16) NOT NULL DEFAULT 'open',
          "level" integer NOT NULL DEFAULT '0',
          "round" integer NOT NULL DEFAULT '1',
          "offered_to" uuid,
          "offered_until" TIMESTAMP(3) WITH TIME ZONE,
          "offered_before" uuid array NOT NULL DEFAULT '{}',
          "claimed_by" uuid,
          "how" character varying(16) NOT NULL DEFAULT 'live',
          "notified" integer NOT NULL DEFAULT '0',
          "job_ids" uuid array NOT NULL DEFAULT '{}',
          "announced_at" TIMESTAMP(3) WITH TIME ZONE NOT NULL DEFAULT now(),
          "claimed_at" TIMESTAMP(3) WITH TIME ZONE,
          "first_announced_at" TIMESTAMP(3) WITH TIME ZONE NOT NULL DEFAULT now(),
          "first_claimed_at" TIMESTAMP(3) WITH TIME ZONE,
          "closed_at" TIMESTAMP(3) WITH TIME ZONE,
          "next_escalation_at" TIMESTAMP(3) WITH TIME ZONE,
          "version" integer NOT NULL DEFAULT '1',
          "created_at" TIMESTAMP(3) WITH TIME ZONE NOT NULL DEFAULT now(),
          "updated_at" TIMESTAMP(3) WITH TIME ZONE NOT NULL DEFAULT now(),
          CONSTRAINT "PK_cd6545cbd3ef20e55d8e998220b" PRIMARY KEY ("id")
      )
    `);
    for (const index of [
      `UNIQUE INDEX "uq_customer_claims_conversation" ON "customer_claims" ("tenant_id", "conversation_id")`,
      `INDEX "ix_customer_claims_state" ON "customer_claims" ("tenant_id", "state", "id")`,
      `INDEX "ix_customer_claims_load" ON "customer_claims" ("tenant_id", "claimed_by") WHERE "state" = 'claimed'`,
      `INDEX "ix_customer_claims_user" ON "customer_claims" ("tenant_id", "user_id")`,
    ]) {
      await queryRunner.query(`CREATE ${index}`);
    }
    await queryRunner.query(`
      ALTER TABLE "customer_claims" ADD CONSTRAINT "FK_d20ebfa668a1bb2b23b696c338e"
        FOREIGN KEY ("tenant_id", "user_id") REFERENCES "users"("tenant_id", "id") ON DELETE CASCADE ON UPDATE NO ACTION
    `);
    await queryRunner.query(`
      ALTER TABLE "customer_claims" ADD CONSTRAINT "FK_a920939235fcdee225e41de3226"
        FOREIGN KEY ("tenant_id", "conversation_id") REFERENCES "conversations"("tenant_id", "id") ON DELETE CASCADE ON UPDATE NO ACTION
    `);
  }
}
