import { APP_ROLE, LOG_ROLE, SYSTEM_ROLE } from '../../../migrations/tenant-owned.js';
import type { Config } from '../../platform/config.js';
import { DatabaseClient } from '../../platform/database/database-client.js';
import { StartError } from '../../platform/errors.js';

const INSUFFICIENT_PRIVILEGE = '42501';
const DUPLICATE = ['42710', '23505']; // another replica made it at the same moment

/**
 * Makes the roles that the service connects as, when they are not there: each may sign in, owns nothing and bypasses
 * nothing. What they may do is granted by the migrations.
 *
 * @throws {StartError} They are missing and the owner may not make roles; the message is the SQL to run.
 */
export async function ensureRoles(config: Config): Promise<void> {
  const { owner, app, system, log } = config.databaseUrls;
  const client = new DatabaseClient({ connectionString: owner, application_name: 'toolcrib-roles' });
  await client.connect();
  try {
    for (const [role, url] of [
      [APP_ROLE, app],
      [SYSTEM_ROLE, system],
      [LOG_ROLE, log],
    ] as const) {
      const found = await client.query('SELECT FROM pg_roles WHERE rolname = $1', [role]);
      if (found.rowCount === 0) await createRole(client, role, decodeURIComponent(new URL(url).password));
    }
  } finally {
    await client.end();
  }
}

async function createRole(client: DatabaseClient, role: string, password: string): Promise<void> {
  try {
    await client.query(`CREATE ROLE ${role} LOGIN NOINHERIT PASSWORD ${client.escapeLiteral(password)}`);
  } catch (cause) {
    const { code = '' } = cause as { code?: string };
    if (DUPLICATE.includes(code)) return;
    if (code !== INSUFFICIENT_PRIVILEGE) throw cause;
    throw new StartError(missingRoles(), { cause });
  }
}

function missingRoles(): string {
  const statements = [APP_ROLE, SYSTEM_ROLE, LOG_ROLE].map(
    (role) => `  CREATE ROLE ${role} LOGIN NOINHERIT PASSWORD '…';`,
  );
  return (
    'The database lacks the roles that the service connects as, and the role of DATABASE_URL may not make them. Run as an ' +
    `administrator, with the password of DATABASE_URL (or set DATABASE_APP_URL, DATABASE_SYSTEM_URL, DATABASE_LOG_URL):\n` +
    statements.join('\n')
  );
}
