import type { MigrationInterface, QueryRunner } from 'typeorm';
import { ownByNoPerson, ownByPerson } from './person-owned.js';

/** Tables with rows about one person each, in `user_id`. */
const ABOUT_PEOPLE = [
  'automation_runs',
  'notification_choices',
  'consultant_profiles',
  'consultations',
  'conversations',
  'customer_claims',
  'customer_preferences',
  'customer_profiles',
  'idempotency_keys',
  'live_presence',
  'messages',
  'notification_preferences',
  'oidc_identities',
  'one_time_tokens',
  'personal_tokens',
  'push_subscriptions',
  'refresh_tokens',
  'second_factors',
  'sessions',
  'tasks',
  'treatments',
];

const SEARCH_COLUMNS =
  'id, tenant_id, username, display_name, email, phone, avatar_url, roles, tier, enabled, created_at';

/**
 * A call of a person who may see their own rows only is kept to them by the database. Nothing changes for the groups: the roles
 * that a group names stay, and one that names none is for keys only from now on.
 */
export class OwnRows1790002400000 implements MigrationInterface {
  name = 'OwnRows1790002400000';

  async up(queryRunner: QueryRunner): Promise<void> {
    for (const table of ABOUT_PEOPLE) await ownByPerson(queryRunner, table);
    await ownByPerson(queryRunner, 'users', 'id');
    // The view reads as its owner, whom no policy of the service binds. The condition is evaluated once, not per row.
    await queryRunner.query(`
      CREATE OR REPLACE VIEW "user_search" AS SELECT ${SEARCH_COLUMNS} FROM users
        WHERE tenant_id = (SELECT current_tenant_id()) AND (SELECT nullif(current_setting('toolcrib.person_id', true), '') IS NULL)
    `);
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`
      CREATE OR REPLACE VIEW "user_search" AS SELECT ${SEARCH_COLUMNS} FROM users
        WHERE tenant_id = (SELECT current_tenant_id())
    `);
    for (const table of [...ABOUT_PEOPLE, 'users']) await ownByNoPerson(queryRunner, table);
  }
}
