import { randomUUID } from 'node:crypto';
import { Client } from 'pg';

export type TestDatabase = {
  /** As the role that owns the schema. */
  readonly url: string;
  /** As an administrator of the server, who sees the rows of all tenants. */
  readonly adminUrl: string;
  /** Also ends the connections that are still open. */
  drop(): Promise<void>;
};

/** A migrated, empty database of its own for a test file, on the server that the run's global setup provides. */
export async function createTestDatabase(): Promise<TestDatabase> {
  const serverUrl = requireSet('TEST_DATABASE_URL');
  const template = requireSet('TEST_TEMPLATE_DATABASE');
  const name = `toolcrib_test_${randomUUID().replaceAll('-', '')}`;
  await run(serverUrl, [
    // Copying a template allows nobody else to use it meanwhile.
    `SELECT pg_advisory_lock(hashtext('${template}'))`,
    `CREATE DATABASE ${name} TEMPLATE ${template} STRATEGY FILE_COPY`,
  ]);
  return {
    url: Object.assign(new URL(serverUrl), { pathname: name }).href,
    adminUrl: Object.assign(new URL(requireSet('TEST_ADMIN_DATABASE_URL')), { pathname: name }).href,
    drop: () => run(requireSet('TEST_ADMIN_DATABASE_URL'), [`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`]),
  };
}

async function run(url: string, statements: readonly string[]): Promise<void> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    for (const statement of statements) await client.query(statement);
  } finally {
    await client.end();
  }
}

function requireSet(name: string): string {
  const value = process.env[name];
  if (!value) throw new Error(`${name} is not set; run the test through jest, whose global setup sets it`);
  return value;
}
