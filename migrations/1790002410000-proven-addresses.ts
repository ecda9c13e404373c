import type { MigrationInterface, QueryRunner } from 'typeorm';

/** The address that somebody registers with is proven by mail before it counts. */
export class ProvenAddresses1790002410000 implements MigrationInterface {
  name = 'ProvenAddresses1790002410000';

  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`ALTER TABLE "users" ADD "unverified_since" TIMESTAMP(3) WITH TIME ZONE`);
    await queryRunner.query(
      `ALTER TABLE "sign_in_settings" ADD "verify_addresses" boolean NOT NULL DEFAULT true`,
    );
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`ALTER TABLE "sign_in_settings" DROP COLUMN "verify_addresses"`);
    await queryRunner.query(`ALTER TABLE "users" DROP COLUMN "unverified_since"`);
  }
}
