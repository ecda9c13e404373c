import type { QueryRunner } from 'typeorm';
import { APP_ROLE } from './tenant-owned.js';

/** The person whose rows alone are to be seen; null: the work is bound to no person. */
const PERSON = `nullif(current_setting('toolcrib.person_id', true), '')::uuid`;

/** Tables under {@link ownByPerson}, and the column that names the person there. */
export const OWN_ROWS_POLICIES = `SELECT tablename AS "table", CASE tablename WHEN 'users' THEN 'id' ELSE 'user_id' END AS "column"
  FROM pg_policies WHERE policyname = 'own_rows' AND schemaname = current_schema()`;

/**
 * Whether work may see a row. The sub-select is worked out once per statement: asked of every row, a report over a large table
 * takes twice as long. It costs the planner some 15 µs.
 */
export function ownRowsRule(column: string): string {
  return `(SELECT ${PERSON} IS NULL) OR "${column}" = ${PERSON}`;
}

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
  const rule = ownRowsRule(column);
  await queryRunner.query(
    `CREATE POLICY own_rows ON "${table}" AS RESTRICTIVE TO ${APP_ROLE} USING (${rule}) WITH CHECK (${rule})`,
  );
}

/** Takes back {@link ownByPerson}. */
export async function ownByNoPerson(queryRunner: QueryRunner, table: string): Promise<void> {
  await queryRunner.query(`DROP POLICY own_rows ON "${table}"`);
}
