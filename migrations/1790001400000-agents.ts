import type { MigrationInterface, QueryRunner } from 'typeorm';
import { ownByTenant } from './tenant-owned.js';

/** Dify apps that are asked, and in which order. */
export class Agents1790001400000 implements MigrationInterface {
  name = 'Agents1790001400000';

  async up(queryRunner: QueryRunner): Promise<void> {
    await this.createAgents(queryRunner);
    await this.createOrders(queryRunner);
    for (const table of ['agents', 'agent_versions', 'agent_orders', 'agent_order_steps'])
      await ownByTenant(queryRunner, table);
  }

  private async createAgents(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`
      CREATE TABLE "agents" (
          "id" uuid NOT NULL,
          "tenant_id" uuid NOT NULL,
          "name" character varying(100) NOT NULL,
          "description" text NOT NULL DEFAULT '',
          "enabled" boolean NOT NULL DEFAULT true,
          "created_by" uuid,
          "version" integer NOT NULL DEFAULT '1',
          "created_at" TIMESTAMP(3) WITH TIME ZONE NOT NULL DEFAULT now(),
          "updated_at" TIMESTAMP(3) WITH TIME ZONE NOT NULL DEFAULT now(),
          CONSTRAINT "UQ_10a5c6ea37ca8db23b6d9283619" UNIQUE ("tenant_id", "id"),
          CONSTRAINT "PK_9c653f28ae19c5884d5baf6a1d9" PRIMARY KEY ("id")
      )
    `);
    await queryRunner.query(`CREATE UNIQUE INDEX "uq_agents_tenant_name" ON "agents" ("tenant_id", "name")`);
    await queryRunner.query(`
      ALTER TABLE "agents" ADD CONSTRAINT "FK_87e9fdd9a00cd5fa5768aa0e6be"
        FOREIGN KEY ("tenant_id") REFERENCES "tenants"("id") ON DELETE CASCADE ON UPDATE NO ACTION
    `);
    await queryRunner.query(`
      CREATE TABLE "agent_versions" (
          "id" uuid NOT NULL,
          "tenant_id" uuid NOT NULL,
          "agent_id" uuid NOT NULL,
          "label" character varying(50) NOT NULL,
          "app_id" character varying(100),
          "base_url" character varying(504) NOT NULL,
          "ciphertext" bytea NOT NULL,
          "key_prefix" character varying(8) NOT NULL,
          "weight" integer NOT NULL DEFAULT '1',
          "enabled" boolean NOT NULL DEFAULT true,
          "mode" character varying(20),
          "app_name" character varying(200),
          "inputs" jsonb NOT NULL DEFAULT '[]',
          "checked_at" TIMESTAMP(3) WITH TIME ZONE,
          "problem" character varying(300),
          "version" integer NOT NULL DEFAULT '1',
          "created_at" TIMESTAMP(3) WITH TIME ZONE NOT NULL DEFAULT now(),
          "updated_at" TIMESTAMP(3) WITH TIME ZONE NOT NULL DEFAULT now(),
          CONSTRAINT "PK_1707ad895314a76125e4ece3a27" PRIMARY KEY ("id")
      )
    `);
    await queryRunner.query(
      `CREATE UNIQUE INDEX "uq_agent_versions_agent_label" ON "agent_versions" ("agent_id", "label")`,
    );
    await queryRunner.query(`
      ALTER TABLE "agent_versions" ADD CONSTRAINT "FK_4acfbed6dbc454d493a39a72be6"
        FOREIGN KEY ("tenant_id", "agent_id") REFERENCES "agents"("tenant_id", "id") ON DELETE CASCADE ON UPDATE NO ACTION
    `);
  }

  private async createOrders(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`
      CREATE TABLE "agent_orders" (
          "id" uuid NOT NULL,
          "tenant_id" uuid NOT NULL,
          "purpose" character varying(50) NOT NULL,
          "version" integer NOT NULL DEFAULT '1',
          "created_at" TIMESTAMP(3) WITH TIME ZONE NOT NULL DEFAULT now(),
          "updated_at" TIMESTAMP(3) WITH TIME ZONE NOT NULL DEFAULT now(),
          CONSTRAINT "UQ_e1d5483ba11333f22cc52587f72" UNIQUE ("tenant_id", "id"),
          CONSTRAINT "PK_1501f118f21f4bfe4b8132ed382" PRIMARY KEY ("id")
      )
    `);
    await queryRunner.query(
      `CREATE UNIQUE INDEX "uq_agent_orders_tenant_purpose" ON "agent_orders" ("tenant_id", "purpose")`,
    );
    await queryRunner.query(`
      ALTER TABLE "agent_orders" ADD CONSTRAINT "FK_80b2716760e85e335eff09f7391"
        FOREIGN KEY ("tenant_id") REFERENCES "tenants"("id") ON DELETE CASCADE ON UPDATE NO ACTION
    `);
    await queryRunner.query(`
      CREATE TABLE "agent_order_steps" (
          "tenant_id" uuid NOT NULL,
          "order_id" uuid NOT NULL,
          "position" integer NOT NULL,
          "agent_id" uuid NOT NULL,
          CONSTRAINT "PK_agent_order_steps" PRIMARY KEY ("order_id", "position")
      )
    `);
    await queryRunner.query(
      `CREATE INDEX "idx_agent_order_steps_agent" ON "agent_order_steps" ("tenant_id", "agent_id")`,
    );
    await queryRunner.query(`
      ALTER TABLE "agent_order_steps" ADD CONSTRAINT "FK_9e3082e8d235fabe4b59c0775f1"
        FOREIGN KEY ("tenant_id", "order_id") REFERENCES "agent_orders"("tenant_id", "id") ON DELETE CASCADE ON UPDATE NO ACTION
    `);
    await queryRunner.query(`
      ALTER TABLE "agent_order_steps" ADD CONSTRAINT "FK_10fcd209fa78fdfcdfd31500704"
        FOREIGN KEY ("tenant_id", "agent_id") REFERENCES "agents"("tenant_id", "id") ON DELETE CASCADE ON UPDATE NO ACTION
    `);
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`DROP TABLE "agent_order_steps"`);
    await queryRunner.query(`DROP TABLE "agent_orders"`);
    await queryRunner.query(`DROP TABLE "agent_versions"`);
    await queryRunner.query(`DROP TABLE "agents"`);
  }
}
