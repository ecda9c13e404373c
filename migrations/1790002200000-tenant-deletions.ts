import type { MigrationInterface, QueryRunner } from 'typeorm';

const OPEN = `"status" IN ('queued', 'running')`;

/**
 * Deletions of tenants are jobs like others: what is left of their own engine is the record of each. Those under way get a job, with
 * the id of their record, and so go on.
 */
export class TenantDeletions1790002200000 implements MigrationInterface {
  name = 'TenantDeletions1790002200000';

  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`ALTER TABLE "tenant_jobs" DROP COLUMN "failures"`);
    await queryRunner.query(`ALTER TABLE "tenant_jobs" ADD "job_id" uuid`);
    await asOwner(queryRunner, async () => {
      await queryRunner.query(
        `INSERT INTO "jobs" (id, tenant_id, kind, payload)
         SELECT id, tenant_id, 'tenants.delete', jsonb_build_object('subject_id', subject_id) FROM "tenant_jobs" WHERE ${OPEN}`,
      );
      await queryRunner.query(`UPDATE "tenant_jobs" SET job_id = id WHERE ${OPEN}`);
    });
  }

  /** The old engine takes up what its table says is open. */
  async down(queryRunner: QueryRunner): Promise<void> {
    await asOwner(queryRunner, () =>
      queryRunner.query(
        `DELETE FROM "jobs" WHERE kind LIKE 'tenants.delet%' AND state IN ('queued', 'running')`,
      ),
    );
    await queryRunner.query(`ALTER TABLE "tenant_jobs" DROP COLUMN "job_id"`);
    await queryRunner.query(`ALTER TABLE "tenant_jobs" ADD "failures" integer NOT NULL DEFAULT '0'`);
  }
}

/** The owner of a table is bound by its policies, too, and there is none for it. */
async function asOwner(queryRunner: QueryRunner, work: () => Promise<unknown>): Promise<void> {
  for (const table of ['jobs', 'tenant_jobs'])
    await queryRunner.query(`ALTER TABLE "${table}" NO FORCE ROW LEVEL SECURITY`);
  await work();
  for (const table of ['jobs', 'tenant_jobs'])
    await queryRunner.query(`ALTER TABLE "${table}" FORCE ROW LEVEL SECURITY`);
}
