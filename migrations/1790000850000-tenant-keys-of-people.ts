import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Table, the foreign key to its person without the tenant, the one with it. */
const CHILDREN = [
  ['sessions', 'FK_085d540d9f418cfbdc7bd55bb19', 'FK_32a6ac85a3a94e9d0ff397ab917'],
  ['one_time_tokens', 'FK_0dc2deee64e514ad6f7e69504e1', 'FK_dec0a9f0ab97791856dc35ccae4'],
  ['personal_tokens', 'FK_6830bc174c3bece0fb1d4aee28b', 'FK_5595a0a521478b0262ae357c0b6'],
  ['second_factors', 'FK_16f2eb964b73e67d1f570c34825', 'FK_716a3e29996d7429115f0a00adb'],
  ['oidc_identities', 'FK_9fe6252422ff84d3a961b11b930', 'FK_878c7ae01badb2d3c39126b39b7'],
] as const;

/** As migration `tenant-keys`, for the tables of people: a row refers to a person of its own tenant only. */
export class TenantKeysOfPeople1790000850000 implements MigrationInterface {
  name = 'TenantKeysOfPeople1790000850000';

  async up(queryRunner: QueryRunner): Promise<void> {
    for (const [table, without, name] of CHILDREN) {
      await queryRunner.query(`
        ALTER TABLE "${table}" DROP CONSTRAINT "${without}",
          ADD CONSTRAINT "${name}" FOREIGN KEY ("user_id", "tenant_id") REFERENCES "users"("id", "tenant_id")
          ON DELETE CASCADE
      `);
    }
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    for (const [table, without, name] of CHILDREN) {
      await queryRunner.query(`
        ALTER TABLE "${table}" DROP CONSTRAINT "${name}",
          ADD CONSTRAINT "${without}" FOREIGN KEY ("user_id") REFERENCES "users"("id") ON DELETE CASCADE
      `);
    }
  }
}
