import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Whether consultants are told of new customers, and in which language at `/ws`. */
export class ConsultantWords1790026000100 implements MigrationInterface {
  name = 'ConsultantWords1790026000100';

  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(
      `ALTER TABLE "consultant_settings" ADD "tell_consultants" boolean NOT NULL DEFAULT true,
        ADD "language" character varying(2) NOT NULL DEFAULT 'en'`,
    );
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(
      `ALTER TABLE "consultant_settings" DROP COLUMN "language", DROP COLUMN "tell_consultants"`,
    );
  }
}
