import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import type { QueryArrayResult } from 'pg';
import { DataSource } from 'typeorm';
import { DatabaseClient } from '../../platform/database/database-client.js';
import { messageOf, StartError } from '../../platform/errors.js';
import type { Config } from '../../platform/config.js';
import { terminalEnvironment } from '../../platform/environment.js';
import { systemDataSourceOptions } from '../database/database.js';
import { getTenantNamed } from './tenant-of-command.js';

export type PsqlOptions = {
  /** Undefined: psql asks, or what stands on stdin. */
  readonly sql: string | undefined;
  /** Undefined: as the owner of the schema. */
  readonly tenantName: string | undefined;
};

type Place = { readonly url: URL; readonly tenantId: string };

/**
 * Opens psql on the installation's database, without anybody having to know its password: as the owner of the schema, whom row-level
 * security shows no tenant's rows, or as the service for one tenant. Where there is no psql, SQL is run without it.
 *
 * @returns The exit code.
 * @throws {StartError} No such tenant, or nothing to run.
 */
export async function openPsql(config: Config, { sql, tenantName }: PsqlOptions): Promise<number> {
  const place = await placeOf(config, tenantName);
  const code = await runPsql(place, sql);
  if (code !== undefined) return code;
  if (sql === undefined && process.stdin.isTTY)
    throw new StartError('There is no psql on this machine. Give SQL with -c, or on stdin');
  await runHere(place, sql ?? (await text(process.stdin)));
  return 0;
}

async function placeOf(config: Config, tenantName: string | undefined): Promise<Place> {
  const { owner, app } = config.databaseUrls;
  if (tenantName === undefined) return { url: new URL(owner), tenantId: '' };
  const system = await new DataSource(systemDataSourceOptions(config)).initialize();
  try {
    const { id } = await getTenantNamed(system, tenantName);
    return { url: new URL(app), tenantId: id };
  } finally {
    await system.destroy();
  }
}

/** The password goes by the environment, which only we and root can read; arguments everybody can. @returns undefined: there is no psql. */
async function runPsql({ url, tenantId }: Place, sql: string | undefined): Promise<number | undefined> {
  const address = new URL(url);
  address.password = '';
  const settings = tenantId === '' ? {} : { PGOPTIONS: `-c toolcrib.tenant_id=${tenantId}` };
  const env = { ...terminalEnvironment(), PGPASSWORD: decodeURIComponent(url.password), ...settings };
  const args = ['--no-password', address.href, ...(sql === undefined ? [] : ['-c', sql])];
  if (!process.stdin.isTTY) args.unshift('--set=ON_ERROR_STOP=1'); // what a script asks for ends at its first error
  const child = spawn('psql', args, { stdio: 'inherit', env });
  process.on('SIGINT', leaveToPsql);
  try {
    const [code] = (await once(child, 'close')) as [number | null];
    return code ?? 1;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  } finally {
    process.off('SIGINT', leaveToPsql);
  }
}

/** Ctrl-C cancels a query of psql, and ends nobody. */
function leaveToPsql(): void {
  // Without a listener, Node would end this process and the database with it.
}

/** Prints names and rows with tabs between, and what other statements say: as `psql -A -F tab`. */
async function runHere({ url, tenantId }: Place, sql: string): Promise<void> {
  const client = new DatabaseClient({
    connectionString: url.href,
    application_name: 'toolcrib-psql',
    types: { getTypeParser: () => (value: unknown) => value }, // as PostgreSQL writes them
  });
  await client.connect();
  try {
    await client.query(`SELECT set_config('toolcrib.tenant_id', $1, false)`, [tenantId]);
    const answer = await client.query({ text: sql, rowMode: 'array' });
    for (const result of [answer].flat()) print(result as QueryArrayResult<(string | null)[]>);
  } catch (error) {
    throw new StartError(`PostgreSQL says: ${messageOf(error)}`, { cause: error });
  } finally {
    await client.end();
  }
}

function print({ fields, rows, command, rowCount }: QueryArrayResult<(string | null)[]>): void {
  if (fields.length === 0) {
    process.stdout.write(`${[command, rowCount ?? []].flat().join(' ')}\n`);
    return;
  }
  const lines = [fields.map(({ name }) => name), ...rows.map((row) => row.map((value) => value ?? ''))];
  process.stdout.write(lines.map((line) => `${line.join('\t')}\n`).join(''));
}
