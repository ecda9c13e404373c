import { createHmac } from 'node:crypto';
import type { Client } from 'pg';
import { APP_ROLE, LOG_ROLE, SYSTEM_ROLE } from '../../../migrations/tenant-owned.js';
import type { DatabaseUrls } from '../../platform/database/database-urls.js';

export const SUPERUSER = 'postgres';
const DATABASE = 'toolcrib';
/** Who owns the schema and who serves: see `migrations/tenant-owned.ts`. None is a superuser. */
const ROLES = { owner: 'toolcrib', app: APP_ROLE, system: SYSTEM_ROLE, log: LOG_ROLE } as const;

/**
 * Makes our database and its roles. Each role has a password of its own; whoever learns the service's cannot come in as the owner.
 */
export async function createDatabase(admin: Client, secret: string): Promise<void> {
  for (const role of Object.values(ROLES)) {
    const password = passwordOf(role, secret);
    const known = await admin.query('SELECT FROM pg_roles WHERE rolname = $1', [role]);
    const verb = known.rowCount === 0 ? 'CREATE' : 'ALTER';
    await admin.query(`${verb} ROLE ${role} LOGIN PASSWORD '${password}'`);
  }
  const database = await admin.query('SELECT FROM pg_database WHERE datname = $1', [DATABASE]);
  if (database.rowCount === 0) await admin.query(`CREATE DATABASE ${DATABASE} OWNER ${ROLES.owner}`);
}

/** Addresses of our database, by role. */
export function urlsOf(port: number, secret: string): DatabaseUrls {
  const url = (role: string) => urlOf(port, passwordOf(role, secret), DATABASE, role);
  return { owner: url(ROLES.owner), app: url(ROLES.app), system: url(ROLES.system), log: url(ROLES.log) };
}

/** Made of the superuser's, so that one file in the data directory is enough. */
function passwordOf(role: string, secret: string): string {
  return createHmac('sha256', secret).update(role).digest('base64url');
}

export function urlOf(port: number, password: string, database: string, role: string): string {
  return `postgres://${role}:${password}@127.0.0.1:${port}/${database}`;
}
