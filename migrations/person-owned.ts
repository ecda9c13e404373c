import type { QueryRunner } from 'typeorm';
import { APP_ROLE } from './tenant-owned.js';

/** The person whose rows alone are to be seen; null: the work is bound to no person. */
const PERSON = `nullif(current_setting('toolcrib.person_id', true), '')::uuid`;

/**
 * Keeps work that may see one person's rows only (a customer's tool call) to these rows, in a table that has rows about
 * people. Restrictive: it takes away from what `tenant_isolation` shows, and nothing where no person is set. Every table of a
 * tenant with a `user_id` goes through here; a test looks for tables that did not.
 *
 * @param column Names the person.
 */
export async function ownByPerson(
  queryRunner: QueryRunner,
  table: string,
  column = 'user_id',
): Promise<void> {
  const rule = `${PERSON} IS NULL OR "${column}" = ${PERSON}`;
  await queryRunner.query(
    `CREATE POLICY own_rows ON "${table}" AS RESTRICTIVE TO ${APP_ROLE} USING (${rule}) WITH CHECK (${rule})`,
  );
}

/** Takes back {@link ownByPerson}. */
export async function ownByNoPerson(queryRunner: QueryRunner, table: string): Promise<void> {
  await queryRunner.query(`DROP POLICY own_rows ON "${table}"`);
}
