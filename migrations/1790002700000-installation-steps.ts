import type { MigrationInterface, QueryRunner } from 'typeorm';
import { APP_ROLE } from './tenant-owned.js';

/** What has been done once beside the schema, since it needs more than the database has: the master key, for instance. */
export class InstallationSteps1790002700000 implements MigrationInterface {
  name = 'InstallationSteps1790002700000';

  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(
      `CREATE TABLE installation_steps (name text CONSTRAINT pk_installation_steps PRIMARY KEY,
         done_at timestamptz NOT NULL DEFAULT now())`,
    );
    await queryRunner.query(`GRANT SELECT ON installation_steps TO ${APP_ROLE}`);
  }

  /** Secrets that were bound to their places stay so: an older version does not open them. */
  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query('DROP TABLE installation_steps');
  }
}
