import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Of the errors that are added up, those that are no mistake of a caller. Null: counted before this was told apart. */
export class OurFaults1790026000000 implements MigrationInterface {
  name = 'OurFaults1790026000000';

  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`ALTER TABLE "call_log_stats" ADD "faults" integer`);
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`ALTER TABLE "call_log_stats" DROP COLUMN "faults"`);
  }
}
