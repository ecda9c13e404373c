import type { MigrationInterface, QueryRunner } from 'typeorm';
import { shareWithAll } from './tenant-owned.js';

/** The running processes of the service, so that a change can wait for all of them. */
export class Replicas1790000300000 implements MigrationInterface {
  name = 'Replicas1790000300000';

  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`
      CREATE TABLE "replicas" (
          "id" uuid NOT NULL,
          "name" character varying(255) NOT NULL,
          "started_at" TIMESTAMP(3) WITH TIME ZONE NOT NULL DEFAULT now(),
          "last_seen_at" TIMESTAMP(3) WITH TIME ZONE NOT NULL DEFAULT now(),
          CONSTRAINT "PK_0f37a5ca3c9a1fb1bd6c2bcbbd2" PRIMARY KEY ("id")
      )
    `);
    await shareWithAll(queryRunner, 'replicas', { app: 'SELECT, INSERT, UPDATE, DELETE' });
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`DROP TABLE "replicas"`);
  }
}
